package io.culvert.proxy;

import io.culvert.proxy.admin.BuildVersion;
import io.culvert.proxy.config.ConfigException;
import io.culvert.proxy.config.ConfigReader;
import io.culvert.proxy.config.ProxyConfig;
import io.culvert.proxy.lifecycle.ClassCache;
import io.culvert.proxy.telemetry.log.LogFilter;
import io.culvert.proxy.telemetry.log.LogSink;
import io.culvert.proxy.telemetry.log.LogWriter;
import io.culvert.proxy.telemetry.log.Logback;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node proxy. Configured by ztunnel's environment variables; runs until SIGTERM, SIGINT or POST /quitquitquit, and
 * then drains.
 *
 * <p>Exit status: 0 after a drain; 1 if it cannot start, with one line on standard error that says why and what to do.
 */
public final class Main {

    private Main() {}

    /**
     * As {@code ztunnel [proxy|version]}; what follows is ignored, as the original's chart passes {@code proxy
     * ztunnel}.
     */
    public static void main(String[] args) {
        String verb = args.length == 0 ? "proxy" : args[0];
        int status = switch (verb) {
            case "proxy" -> proxy();
            case "version" -> version();
            default -> {
                System.err.println("usage: culvert-proxy [proxy|version]; configured by the environment");
                yield 1;
            }
        };
        System.exit(status);
    }

    private static int version() {
        System.out.println(BuildVersion.current("unknown"));
        return 0;
    }

    private static int proxy() {
        Logback.silence();
        ProxyConfig config;
        List<String> warnings = new ArrayList<>();
        try {
            config = ConfigReader.read(
                    System.getenv(), Path.of(""), Runtime.getRuntime().availableProcessors(), warnings::add);
        } catch (ConfigException e) {
            System.err.println("error: " + e.getMessage());
            return 1;
        }
        try (LogWriter writer = LogWriter.start(new FileOutputStream(FileDescriptor.out), System::nanoTime)) {
            LogSink sink = new LogSink(
                    config.logging().format(),
                    LogFilter.startup(config.logging().filter()),
                    writer,
                    Clock.systemUTC());
            Logback.install(sink);
            BuildVersion version = BuildVersion.current(config.node().istioVersion());
            ProxyProcess.announce(version);
            Logger settings = LoggerFactory.getLogger(ConfigReader.class);
            warnings.forEach(settings::warn);
            return run(config, version, sink);
        }
    }

    private static int run(ProxyConfig config, BuildVersion version, LogSink sink) {
        Logger log = LoggerFactory.getLogger(Main.class);
        ClassCache.complaint(System.getProperty(ClassCache.NAMED), System.getProperty("java.vm.info", ""))
                .ifPresent(log::warn);
        try (ProxyProcess process =
                ProxyProcess.start(config, version, System.getenv(), sink, Clock.systemUTC(), System::nanoTime)) {
            process.runUntilDrained();
            log.info("shutdown complete");
            return 0;
        } catch (IOException | IllegalArgumentException e) {
            log.error("{}", e.getMessage());
            System.err.println("error: " + e.getMessage());
            return 1;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 1;
        }
    }
}
