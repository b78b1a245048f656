package io.culvert.agent;

import io.culvert.agent.config.AgentConfig;
import io.culvert.agent.config.ConfigException;
import io.culvert.agent.log.AgentLog;
import io.culvert.agent.log.LogSettings;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node agent as a program. Configured by environment variables, but for the log, of which the original's arguments
 * tell ({@link LogSettings}); ends in order, with status 0, on SIGTERM and SIGINT. With {@code uninstall} as the first
 * argument it takes everything back and ends ({@link Uninstall}). Exit status 1: a setting or a part
 * of the machine cannot be used, as the last line says.
 */
public final class Main {
    private static final Logger log = LoggerFactory.getLogger("agent");

    private Main() {}

    @SuppressWarnings("SystemExitOutsideMain")
    public static void main(String[] arguments) throws InterruptedException {
        AgentLog.install(LogSettings.standard());
        Thread.setDefaultUncaughtExceptionHandler((thread, thrown) ->
                log.error("thread {} ended unexpectedly; this is a bug of the agent", thread.getName(), thrown));
        Agent agent;
        try {
            boolean uninstall = arguments.length > 0 && arguments[0].equals("uninstall");
            List<String> options = List.of(arguments).subList(uninstall ? 1 : 0, arguments.length);
            LogSettings settings = LogSettings.read(options, System.getenv());
            AgentLog.install(settings);
            for (String argument : settings.ignored()) {
                log.warn(
                        "the argument {} is not known and is ignored; settings come from environment variables",
                        argument);
            }
            warnOfUnusedClassCache();
            if (uninstall) {
                System.exit(Uninstall.run(AgentConfig.read(System.getenv())) ? 0 : 1);
            }
            agent = Agent.start(AgentConfig.read(System.getenv()));
        } catch (ConfigException | IOException e) {
            log.error("the agent cannot start: {}", e.getMessage());
            System.exit(1);
            return;
        } catch (RuntimeException | LinkageError e) {
            log.error("the agent cannot start; this is a bug of it or a damaged installation", e);
            System.exit(1);
            return;
        }
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().name("stop").unstarted(() -> {
            log.info("stopping");
            agent.close();
            // Asked to end, and ended: not the 143 that the JVM would report.
            Runtime.getRuntime().halt(0);
        }));
        try {
            agent.serve();
        } catch (IOException e) {
            log.error("the agent cannot start: {}", e.getMessage());
            System.exit(1);
        }
        new CountDownLatch(1).await();
    }

    /**
     * An AOT cache that does not fit or is damaged is no error: the JVM starts without it, only slower, and keeps its
     * own lines about that to itself. The launcher names the file beside the JVM's own flag.
     */
    private static void warnOfUnusedClassCache() {
        String named = System.getProperty("culvert.aot.cache");
        if (named != null && !System.getProperty("java.vm.info", "").contains("sharing")) {
            log.warn(
                    "the AOT cache {} is not used: it is damaged, or was made for another JDK, other jars or other"
                            + " flags (-Xlog:aot tells which); ./culvert train makes a new one",
                    named);
        }
    }
}
