package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The load harness works: loads go through our proxy, and a report comes of it. Not how fast. */
@Tag("e2e")
final class HarnessTest {

    @TempDir
    Path out;

    @Test
    void measuresOurProxyAndWritesTableValuesAndPictures() throws Exception {
        Programs.assumeMeshesCanRun();
        List<String> command = new ArrayList<>(Programs.perf());
        command.addAll(List.of(
                "--quick",
                "--connections",
                "2",
                "--subjects",
                "direct,relay,culvert",
                "--axis",
                "upload,latency,connections",
                "--out",
                out.toString()));
        Path said = out.resolve("said.txt");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        try {
            assertThat(process.waitFor(5, TimeUnit.MINUTES)).as("ended in time").isTrue();
        } finally {
            process.destroy();
        }
        String text = Files.readString(said, StandardCharsets.UTF_8);

        assertThat(process.exitValue()).as(text).isZero();
        assertThat(text).contains("measuring for about", "culvert negotiated, by the ServerHello on the wire: TLS 1.3");
        assertThat(Files.readString(out.resolve("report.md")))
                .contains("2 connections, Gb/s", "1000 requests/s: p99, ms", "8 clients, connections/s")
                .doesNotContain("Not measured");
        assertThat(Files.readAllLines(out.resolve("values.csv")))
                .anyMatch(line -> line.startsWith("upload,2 connections,Gb/s,higher,2,culvert,1,"));
        assertThat(Files.readString(out.resolve("beside-direct.svg"))).contains("culvert beside direct");
        assertThat(out.resolve("beside-relay.svg")).exists();
    }
}
