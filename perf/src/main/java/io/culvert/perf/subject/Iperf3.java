package io.culvert.perf.subject;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.culvert.linux.Netns;
import io.culvert.perf.load.Service;
import io.culvert.testkit.process.Program;
import io.culvert.testkit.process.Spawner;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * One run of iperf3 from one pod to another: a generator that is not ours, for those who would rather trust it. A fresh
 * server and a fresh client each time.
 *
 * @see <a href="https://software.es.net/iperf/invoking.html">iperf3's options</a>
 */
public final class Iperf3 {
    private static final String PROGRAM = "iperf3";
    private static final String PORT = Integer.toString(Service.IPERF3.port());
    private static final Duration START_LIMIT = Duration.ofSeconds(10);
    /** For connecting, and for the exchange of results at the end. */
    private static final Duration GRACE = Duration.ofSeconds(20);

    /**
     * What it says.
     *
     * @param gigabits Gb/s, as the server received
     * @param gigabytes as the server received
     * @param cpuSeconds that client and server took
     */
    public record Result(double gigabits, double gigabytes, double cpuSeconds) {}

    private Iperf3() {}

    /** Whether the machine has it. */
    public static boolean isInstalled() {
        return Stream.of(Optional.ofNullable(System.getenv("PATH"))
                        .orElse("/usr/bin")
                        .split(":", -1))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, PROGRAM)));
    }

    /** Uploads for a while. */
    static Result run(Netns from, Netns at, InetAddress to, int connections, Duration length, Path directory)
            throws IOException {
        Process server = start(at, directory, "-s", "-1", "-p", PORT, "--forceflush");
        try {
            awaitListening(server);
            Process client = start(
                    from,
                    directory,
                    "-c",
                    to.getHostAddress(),
                    "-p",
                    PORT,
                    "-P",
                    Integer.toString(connections),
                    "-t",
                    Long.toString(Math.max(1, length.toSeconds())),
                    "-J");
            try {
                return parse(limited("iperf3's client", length.plus(GRACE), () -> readAll(client)));
            } finally {
                client.destroyForcibly();
            }
        } finally {
            server.destroyForcibly();
        }
    }

    private static Process start(Netns netns, Path directory, String... arguments) throws IOException {
        List<String> command =
                Stream.concat(Stream.of(PROGRAM), Stream.of(arguments)).toList();
        return Spawner.startPiped(
                new Program(PROGRAM, command, Map.of(), directory, directory.resolve("iperf3.log")), netns);
    }

    private static void awaitListening(Process server) throws IOException {
        boolean listens = limited("iperf3's server", START_LIMIT, () -> {
            BufferedReader said = server.inputReader(StandardCharsets.UTF_8);
            for (String line = said.readLine(); line != null; line = said.readLine()) {
                if (line.contains("listening")) {
                    return true;
                }
            }
            return false;
        });
        if (!listens) {
            throw new IOException("iperf3's server ended before it listened");
        }
    }

    private static String readAll(Process process) throws IOException {
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    private interface Reading<T> {
        T read() throws IOException;
    }

    /** The caller kills the process when this fails, which ends the reading. */
    private static <T> T limited(String who, Duration limit, Reading<T> reading) throws IOException {
        CompletableFuture<T> answer = new CompletableFuture<>();
        Thread _ = Thread.ofPlatform().daemon().name("perf-hears-iperf3").start(() -> {
            try {
                answer.complete(reading.read());
            } catch (IOException gone) {
                answer.completeExceptionally(gone);
            }
        });
        try {
            return answer.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            throw new IOException(who + " did not answer within " + limit.toMillis() + " ms", late);
        } catch (ExecutionException gone) {
            throw new IOException(who + ": " + gone.getCause(), gone);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while " + who + " was at work", interrupted);
        }
    }

    /** Reads the JSON of {@code iperf3 -J}, which is an error's if it failed. */
    static Result parse(String json) throws IOException {
        try {
            JsonObject whole = JsonParser.parseString(json).getAsJsonObject();
            if (whole.has("error")) {
                throw new IOException("iperf3: " + whole.get("error").getAsString());
            }
            JsonObject end = whole.getAsJsonObject("end");
            JsonObject received = end.getAsJsonObject("sum_received");
            JsonObject cpu = end.getAsJsonObject("cpu_utilization_percent");
            double percent = cpu.get("host_total").getAsDouble()
                    + cpu.get("remote_total").getAsDouble();
            return new Result(
                    received.get("bits_per_second").getAsDouble() / 1e9,
                    received.get("bytes").getAsDouble() / 1e9,
                    percent / 100 * received.get("seconds").getAsDouble());
        } catch (JsonParseException | IllegalStateException | NullPointerException broken) {
            throw new IOException("iperf3 said what it does not say elsewhere: " + json, broken);
        }
    }
}
