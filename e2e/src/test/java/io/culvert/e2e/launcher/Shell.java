package io.culvert.e2e.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Runs one command and keeps what it said.
 *
 * @param status its exit status
 * @param output both of its streams
 */
record Shell(int status, String output) {

    private static final long MINUTES_MAX = 5;

    /** The repository; tests start in a module's directory. */
    static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    /** Without a terminal, in a directory, with some variables changed; an empty value removes one. */
    static Shell run(Path directory, Map<String, String> environment, String... command) {
        try {
            Path output = Files.createTempFile("shell", ".log");
            try {
                ProcessBuilder builder = new ProcessBuilder(command)
                        .directory(directory.toFile())
                        .redirectInput(Path.of("/dev/null").toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile());
                new TreeMap<>(environment).forEach((name, value) -> {
                    if (value.isEmpty()) {
                        builder.environment().remove(name);
                    } else {
                        builder.environment().put(name, value);
                    }
                });
                return finish(builder.start(), output, Arrays.toString(command));
            } finally {
                Files.delete(output);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static Shell finish(Process process, Path output, String command) throws IOException, InterruptedException {
        boolean ended = process.waitFor(MINUTES_MAX, TimeUnit.MINUTES);
        process.destroyForcibly();
        String text = Files.readString(output, StandardCharsets.UTF_8);
        assertThat(ended).as("%s ends; it said: %s", command, text).isTrue();
        return new Shell(process.exitValue(), text);
    }

    List<String> lines() {
        return output.lines().filter(line -> !line.isBlank()).toList();
    }

    /** This JVM's own program. */
    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /** Words of a file that holds one a line. */
    static List<String> words(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return new ArrayList<>(new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank())
                    .toList());
        }
    }
}
