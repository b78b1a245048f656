package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.process.Child;
import io.culvert.testkit.process.Program;
import io.culvert.testkit.process.Spawner;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.workload.TcpService;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Servers and clients that are none of ours, each in a pod of its own on a node of its own, and big files. */
@Tag("e2e")
final class RealProgramsTest {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final long GIGABYTE = 1_000_000_000L;
    private static final int FILES = 6101;

    private static Mesh mesh;
    private static MeshPod client;
    private static MeshPod server;

    private final List<Child> servers = new ArrayList<>();

    /** Outside of the mesh's directory, which is root's alone. */
    @TempDir
    private Path data;

    @BeforeAll
    static void start() {
        Programs.assumeMeshesCanRun();
        mesh = Mesh.start(
                MeshSpec.mesh("real")
                        .namespace("default", namespace -> namespace.mesh(true))
                        .node("one", node -> node.pod("client", pod -> {}))
                        .node("two", node -> node.pod("server", pod -> {}))
                        .build(),
                Programs.options().build());
        client = mesh.pod("client");
        server = mesh.pod("server");
    }

    @AfterAll
    static void stop() {
        if (mesh != null) {
            mesh.close();
        }
    }

    @AfterEach
    void stopServers() {
        servers.forEach(child -> child.stop(Duration.ofSeconds(10)));
    }

    @Test
    void redisAndItsBenchmark() throws Exception {
        need("redis-server", "redis-cli", "redis-benchmark");
        serve("redis-server", "--port", "6379", "--protected-mode", "no", "--save", "", "--daemonize", "no");
        String host = server.address().getHostAddress();
        awaitAnswer("PONG", "redis-cli", "-h", host, "ping");

        Path value = work("value");
        Files.writeString(value, "x".repeat(3_000_000));
        assertThat(runWithInput(value, "redis-cli", "-h", host, "-x", "set", "big"))
                .contains("OK");
        assertThat(run("redis-cli", "-h", host, "strlen", "big")).contains("3000000");
        assertThat(run("redis-cli", "-h", host, "get", "big")).hasSize(3_000_001);
        String benchmark = run(
                "redis-benchmark", "-h", host, "-q", "-n", "20000", "-c", "50", "-P", "8", "-t", "ping,set,get,lrange");
        assertThat(benchmark).contains("SET:").contains("GET:").doesNotContain("Error");
        wentThroughTheTunnel(6379);
    }

    @Test
    void postgresAndItsBenchmark() throws Exception {
        Path bin = postgresBinaries();
        need("setpriv", "psql");
        // Neither of the two runs as root.
        List<String> asNobody = List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups");
        Files.setAttribute(data, "unix:uid", 65534);
        Files.setAttribute(data, "unix:gid", 65534);
        try {
            List<String> init = new ArrayList<>(asNobody);
            init.addAll(
                    List.of(bin.resolve("initdb").toString(), "-D", data.toString(), "-U", "tester", "-A", "trust"));
            init.addAll(List.of("--no-sync", "--no-locale", "-E", "UTF8"));
            run(init.toArray(String[]::new));
            Files.writeString(data.resolve("pg_hba.conf"), "host all all all trust\n");
            List<String> postgres = new ArrayList<>(asNobody);
            postgres.addAll(List.of(bin.resolve("postgres").toString(), "-D", data.toString(), "-c", "fsync=off"));
            postgres.addAll(List.of("-c", "listen_addresses=*", "-c", "unix_socket_directories="));
            serve(postgres.toArray(String[]::new));
            String url = "postgresql://tester@" + server.address().getHostAddress() + "/postgres";
            awaitAnswer("1", "psql", "-tA", "-c", "select 1", url);

            String sum = "select count(*), sum(length(t)), md5(string_agg(t, '' order by i)) from big";
            run(
                    "psql",
                    "-q",
                    "-c",
                    "create table big as select i, md5(i::text) t from generate_series(1, 100000) i",
                    url);
            Path copy = work("copy");
            run("psql", "-q", "-c", "\\copy big to '" + copy + "'", url);
            String before = run("psql", "-tA", "-c", sum, url);
            run("psql", "-q", "-c", "truncate big", "-c", "\\copy big from '" + copy + "'", url);
            assertThat(run("psql", "-tA", "-c", sum, url)).isEqualTo(before).startsWith("100000|3200000|");

            String pgbench = bin.resolve("pgbench").toString();
            run(pgbench, "-q", "-i", "-s", "1", "-h", server.address().getHostAddress(), "-U", "tester", "postgres");
            String benchmark = run(
                    pgbench,
                    "-c",
                    "8",
                    "-t",
                    "100",
                    "-h",
                    server.address().getHostAddress(),
                    "-U",
                    "tester",
                    "postgres");
            assertThat(benchmark).contains("number of transactions actually processed: 800/800");
            wentThroughTheTunnel(5432);
        } finally {
            stopServers();
            servers.clear();
        }
    }

    @Test
    void nghttpdWithCurlAndH2load() throws Exception {
        need("nghttpd", "h2load", "curl");
        Path files = work("files");
        Files.createDirectories(files);
        byte[] content = new byte[40_000_000];
        for (int i = 0; i < content.length; i++) {
            content[i] = (byte) (i * 31 + (i >> 9));
        }
        Files.write(files.resolve("big"), content);
        Files.writeString(files.resolve("small"), "hello");
        serve("nghttpd", "--no-tls", "-d", files.toString(), "8080");
        String url = "http://" + server.address().getHostAddress() + ":8080/";
        awaitAnswer("hello", "curl", "-sS", "--http2-prior-knowledge", url + "small");

        Path got = work("got");
        run("curl", "-sS", "--http2-prior-knowledge", "-o", got.toString(), url + "big");
        assertThat(Files.mismatch(got, files.resolve("big"))).isEqualTo(-1);
        assertThat(run("h2load", "-n", "20000", "-c", "20", "-m", "20", url + "small"))
                .contains("20000 succeeded, 0 failed, 0 errored, 0 timeout");
        wentThroughTheTunnel(8080);
    }

    @Test
    void iperf3BothWays() throws Exception {
        need("iperf3");
        serve("iperf3", "-s", "-p", "5201");
        String host = server.address().getHostAddress();
        awaitAnswer("\"end\"", "iperf3", "-J", "-c", host, "-p", "5201", "-n", "1M");
        for (String direction : List.of("-4", "-R", "--bidir")) {
            String report = run("iperf3", "-J", "-c", host, "-p", "5201", "-P", "8", "-n", "200M", direction);
            assertThat(report)
                    .as("iperf3 " + direction)
                    .contains("\"sum_received\"")
                    .doesNotContain("\"error\"");
        }
        wentThroughTheTunnel(5201);
    }

    @Test
    void aGigabyteEachWayAtOnceAfterTheServerHasSpokenFirst() throws Exception {
        byte[] greeting = "220 ready\r\n".getBytes(StandardCharsets.US_ASCII);
        try (TcpService _ = server.serve(FILES, connection -> {
                    writeAll(connection, ByteBuffer.wrap(greeting));
                    exchange(connection, 2);
                });
                SocketChannel channel = client.tcp(LIMIT).connect(server.at(FILES))) {
            ByteBuffer heard = ByteBuffer.allocate(greeting.length);
            readAll(channel, heard);
            assertThat(heard.array()).isEqualTo(greeting);

            assertThat(exchange(channel, 1)).isEqualTo(sumOf(2));
        }
        wentThroughTheTunnel(FILES);
    }

    /** Sends a gigabyte made of {@code seed} and receives one; the sum of what came. */
    private static long exchange(SocketChannel channel, int seed) throws IOException {
        Thread sender = Thread.ofPlatform().start(() -> {
            try {
                ByteBuffer chunk = chunkOf(seed);
                for (long sent = 0; sent < GIGABYTE; sent += chunk.capacity()) {
                    writeAll(channel, chunk.clear());
                }
                channel.shutdownOutput();
            } catch (IOException e) {
                // The receiver's sum tells.
            }
        });
        CRC32C sum = new CRC32C();
        ByteBuffer in = ByteBuffer.allocateDirect(256 << 10);
        while (channel.read(in.clear()) >= 0) {
            sum.update(in.flip());
        }
        try {
            sender.join();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        return sum.getValue();
    }

    private static long sumOf(int seed) {
        CRC32C sum = new CRC32C();
        ByteBuffer chunk = chunkOf(seed);
        for (long at = 0; at < GIGABYTE; at += chunk.capacity()) {
            sum.update(chunk.clear());
        }
        return sum.getValue();
    }

    private static ByteBuffer chunkOf(int seed) {
        ByteBuffer chunk = ByteBuffer.allocateDirect(250_000);
        for (int i = 0; i < chunk.capacity(); i++) {
            chunk.put(i, (byte) (i * seed + (i >> 8)));
        }
        return chunk;
    }

    private static void writeAll(SocketChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private static void readAll(SocketChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
            // Until it is full.
        }
    }

    // ---- programs in pods

    private static void need(String... programs) {
        for (String program : programs) {
            boolean there = Arrays.stream(
                            System.getenv().getOrDefault("PATH", "").split(":"))
                    .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
            assumeTrue(there, program + " is not installed");
        }
    }

    /** Debian keeps them out of the PATH, by version. */
    private static Path postgresBinaries() throws IOException {
        Path versions = Path.of("/usr/lib/postgresql");
        assumeTrue(Files.isDirectory(versions), "PostgreSQL is not installed");
        try (var found = Files.list(versions)) {
            return found.map(version -> version.resolve("bin"))
                    .filter(bin -> Files.isExecutable(bin.resolve("postgres")))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static Path work(String name) {
        return mesh.directory().resolve("real-" + name);
    }

    private void serve(String... command) throws IOException {
        Program program = new Program(command[0], List.of(command), Map.of(), work("served"), work("served.log"));
        servers.add(Spawner.start(program, server.netns()));
    }

    private static String run(String... command) throws IOException, InterruptedException {
        return finished(attempt(Path.of("/dev/null"), command), command);
    }

    private static String runWithInput(Path input, String... command) throws IOException, InterruptedException {
        return finished(attempt(input, command), command);
    }

    private static String finished(Ended ended, String... command) {
        assertThat(ended.status())
                .as("%s said %s", String.join(" ", command), ended.said())
                .isZero();
        return ended.said();
    }

    private record Ended(int status, String said) {}

    /** Runs {@code command} in the client's pod to its end. */
    private static Ended attempt(Path input, String... command) throws IOException, InterruptedException {
        Path said = Files.createTempFile(mesh.directory(), "said", ".txt");
        List<String> shell =
                new ArrayList<>(List.of("sh", "-c", "exec \"$@\" < " + input + " > " + said + " 2>&1", "sh"));
        shell.addAll(List.of(command));
        Program program = new Program(command[0], shell, Map.of(), work("clients"), work("clients.log"));
        Process process = Spawner.startPiped(program, client.netns());
        try {
            assertThat(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS))
                    .as("%s ends, having said %s", String.join(" ", command), Files.readString(said))
                    .isTrue();
            return new Ended(process.exitValue(), Files.readString(said));
        } finally {
            process.destroyForcibly();
        }
    }

    /** A server that was just started is asked until it answers. */
    private static void awaitAnswer(String answer, String... command) {
        Await.untilTrue(
                "an answer to " + String.join(" ", command),
                LIMIT,
                () -> {
                    try {
                        Ended ended = attempt(Path.of("/dev/null"), command);
                        return ended.status() == 0 && ended.said().contains(answer);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        throw new IOException(e);
                    }
                },
                () -> "see the logs in " + mesh.directory());
    }

    private static void wentThroughTheTunnel(int port) {
        String to = server.address().getHostAddress() + ":" + port;
        assertThat(mesh.node("two").proxy().log().linesSince(0))
                .anyMatch(line -> line.contains("dst.hbone_addr=" + to) && line.contains("src.identity="));
    }
}
