package io.culvert.perf.subject;

import io.culvert.linux.Netns;
import io.culvert.perf.load.Line;
import io.culvert.perf.load.LoadMain;
import io.culvert.testkit.process.Program;
import io.culvert.testkit.process.Spawner;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/** A load generator's process, and the talk with it. Every answer has a limit; beyond it the process is killed. */
public final class Generator implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofSeconds(30);
    private static final Duration END_LIMIT = Duration.ofSeconds(5);
    /** Far more than a command answers. */
    private static final int LINES_MAX = 1_000;
    /** What a JVM says when it dies fits. */
    private static final int COMPLAINT_MAX = 4_000;

    private final String name;
    private final Process process;
    private final BlockingQueue<Line> lines = new ArrayBlockingQueue<>(LINES_MAX);
    private final StringBuilder complaint = new StringBuilder();

    private Generator(String name, Process process) {
        this.name = name;
        this.process = process;
    }

    /** Starts one in {@code netns} and waits until it is ready. */
    static Generator start(String name, Netns netns, Path directory, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                "-Xms16m",
                "-Xmx96m",
                "-XX:MaxDirectMemorySize=256m",
                "-Dio.netty.machineId=02:00:00:00:00:00:00:01",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                absolute(System.getProperty("java.class.path")),
                LoadMain.class.getName()));
        command.addAll(List.of(arguments));
        Program program = new Program(name, command, Map.of(), directory, directory.resolve("load.log"));
        Generator generator = new Generator(name, Spawner.startPiped(program, netns));
        generator.listen();
        generator.await(START_LIMIT, "ready");
        return generator;
    }

    /** The process works elsewhere; entries of a class path may be relative. */
    private static String absolute(String classPath) {
        List<String> entries = new ArrayList<>();
        for (String entry : classPath.split(":", -1)) {
            entries.add(Path.of(entry).toAbsolutePath().toString());
        }
        return String.join(":", entries);
    }

    private void listen() {
        Thread.ofPlatform().daemon().name("perf-hears-" + name).start(() -> {
            try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
                for (String text = reader.readLine(); text != null; text = reader.readLine()) {
                    hear(Line.parse(text));
                }
            } catch (IOException | IllegalArgumentException broken) {
                complain(broken.toString());
            }
            hear(Line.of("gone"));
        });
        Thread.ofPlatform().daemon().name("perf-minds-" + name).start(() -> {
            try (InputStream errors = process.getErrorStream();
                    BufferedReader reader = new BufferedReader(new InputStreamReader(errors, StandardCharsets.UTF_8))) {
                for (String text = reader.readLine(); text != null; text = reader.readLine()) {
                    complain(text);
                }
            } catch (IOException ended) {
                // With the process.
            }
        });
    }

    private void hear(Line line) {
        if (!lines.offer(line)) {
            complain("more than " + LINES_MAX + " lines that nobody asked for");
        }
    }

    private void complain(String text) {
        synchronized (complaint) {
            if (complaint.length() < COMPLAINT_MAX) {
                complaint.append("\n  | ").append(text);
            }
        }
    }

    /** What it said on standard error, for a failure's message. */
    private String complaint() {
        synchronized (complaint) {
            return complaint.toString();
        }
    }

    public long pid() {
        return process.pid();
    }

    public void send(Line command) throws IOException {
        OutputStream in = process.getOutputStream();
        in.write((command + "\n").getBytes(StandardCharsets.UTF_8));
        in.flush();
    }

    /** Sends, and waits for the answer. */
    public Line ask(Line command, Duration limit, String... verbs) throws IOException {
        send(command);
        return await(limit, verbs);
    }

    /** The next line, which must have one of these verbs. */
    public Line await(Duration limit, String... verbs) throws IOException {
        try {
            Line line = lines.poll(limit.toMillis(), TimeUnit.MILLISECONDS);
            if (line == null) {
                process.destroyForcibly();
                throw new IOException("the load generator " + name + " did not say " + String.join(" or ", verbs)
                        + " within " + limit.toMillis() + " ms" + complaint());
            }
            if (!List.of(verbs).contains(line.verb())) {
                throw new IOException("the load generator " + name + ": "
                        + line.values().getOrDefault("why", line.verb()) + complaint());
            }
            return line;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while " + name + " was at work", interrupted);
        }
    }

    /** It ends when its input does. */
    @Override
    public void close() {
        try {
            process.getOutputStream().close();
            if (process.waitFor(END_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                return;
            }
        } catch (IOException gone) {
            // Killed below, if there is anything left.
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
    }
}
