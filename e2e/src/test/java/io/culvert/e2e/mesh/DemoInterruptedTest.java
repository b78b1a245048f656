package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.culvert.testkit.process.Await;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ctrl-C, as a terminal sends it: SIGINT to the whole process group. Nothing of the demonstration is left. */
@Tag("e2e")
final class DemoInterruptedTest {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    /** Where PlayGuide shows a command. */
    private static final String COMMAND = "│ ";

    @TempDir
    private Path directory;

    private Process demo;
    private Path output;
    private Path temporary;

    @Test
    void nothingStaysOfOneThatWasKeptAndItsCommandsWorkUntilThen() throws Exception {
        Await.untilTrue("the mesh stays up", LIMIT, () -> read().contains("The mesh stays up."), this::read);
        String guide = read();
        guide = guide.substring(guide.indexOf("What to try next"));
        List<String> commands = guide.lines()
                .map(String::strip)
                .filter(line -> line.startsWith(COMMAND))
                .map(line -> line.substring(COMMAND.length()))
                .toList();
        assertThat(commands).hasSize(9);
        for (String command : commands) {
            tryOut(command);
        }
        Made made = made();
        assertThat(made.isThere()).as("what the census looks for").isTrue();

        interrupt();

        assertGone(made);
    }

    @Test
    void nothingStaysOfOneThatWasStillStarting() throws Exception {
        // The first node's programs are there, and not much else.
        Await.untilTrue("programs start", LIMIT, () -> read().contains("their programs start"), this::read);
        Made made = made();
        assertThat(made.isThere()).as("what the census looks for").isTrue();

        interrupt();

        assertGone(made);
    }

    @AfterEach
    void killWhatIsLeft() throws Exception {
        if (demo.isAlive()) {
            signal("KILL");
        }
    }

    /** In a session of its own, which is a process group, with SIGINT as a terminal's jobs have it. */
    @BeforeEach
    void start() throws IOException {
        Programs.assumeMeshesCanRun();
        for (String tool : List.of("setsid", "curl", "nsenter")) {
            assumeTrue(Files.isExecutable(Path.of("/usr/bin", tool)), "not run: there is no " + tool + " here");
        }
        temporary = Files.createDirectory(directory.resolve("tmp"));
        output = directory.resolve("demo.log");
        List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT", "setsid"));
        List<String> program = Programs.demo();
        command.add(program.getFirst());
        command.add("-Djava.io.tmpdir=" + temporary);
        command.add("-Dstdout.encoding=UTF-8");
        command.addAll(program.subList(1, program.size()));
        command.add("--keep");
        demo = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
    }

    private void tryOut(String command) throws Exception {
        boolean intruder = command.contains("intruder");
        // A log is followed for ever.
        Process process = new ProcessBuilder("bash", "-c", command.replace("tail -f ", "tail "))
                .redirectErrorStream(true)
                .start();
        String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS))
                .as(command)
                .isTrue();
        if (intruder) {
            assertThat(process.exitValue()).as("%s: %s", command, answer).isNotZero();
            return;
        }
        assertThat(process.exitValue()).as("%s: %s", command, answer).isZero();
        assertThat(answer).as(command).contains(expected(command));
    }

    private static String expected(String command) {
        if (command.contains("config_dump")) {
            return "\"workloads\"";
        }
        if (command.contains("15020")) {
            return "# EOF";
        }
        if (command.contains("logging")) {
            return "debug";
        }
        return command.startsWith("tail") ? "connection complete" : "\"pod\":\"web-";
    }

    private void interrupt() throws Exception {
        signal("INT");
        assertThat(demo.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS))
                .as("it ends")
                .isTrue();
        assertThat(demo.exitValue()).as("as one that SIGINT ended").isEqualTo(130);
    }

    private void signal(String name) throws Exception {
        Process kill = new ProcessBuilder("kill", "-" + name, "--", "-" + demo.pid())
                .inheritIO()
                .start();
        assertThat(kill.waitFor()).isZero();
    }

    private Made made() throws IOException {
        List<Path> directories = entries(temporary);
        assertThat(directories).as("the mesh's directory").hasSize(1);
        return new Made(String.valueOf(directories.getFirst().getFileName()), demo.pid(), temporary);
    }

    private static void assertGone(Made made) {
        Await.untilTrue("nothing is left", LIMIT, () -> made.left().isEmpty(), () -> String.valueOf(made.tryLeft()));
    }

    private String read() {
        try {
            return Files.readString(output, StandardCharsets.UTF_8);
        } catch (IOException notYet) {
            return "";
        }
    }

    private static List<Path> entries(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.toList();
        }
    }

    /**
     * What one mesh has made on this machine. Its links live in its namespaces, which live as long as their processes
     * and names.
     *
     * @param prefix of its names
     * @param session of its processes: whatever it starts is in it
     * @param temporary where its files are
     */
    private record Made(String prefix, long session, Path temporary) {
        private static final List<String> PLACES = List.of(
                "/run/netns",
                "/sys/fs/cgroup",
                "/sys/fs/cgroup/unified",
                "/sys/fs/cgroup/pids",
                "/sys/fs/cgroup/systemd");

        boolean isThere() throws IOException {
            List<String> left = left();
            return left.contains("files")
                    && left.contains("processes")
                    && left.contains("mounts")
                    && left.contains("/run/netns");
        }

        List<String> left() throws IOException {
            List<String> left = new ArrayList<>();
            for (String place : PLACES) {
                if (entries(Path.of(place)).stream().anyMatch(this::isOurs)) {
                    left.add(place);
                }
            }
            if (!entries(temporary).isEmpty()) {
                left.add("files");
            }
            if (Files.readAllLines(Path.of("/proc/self/mountinfo")).stream().anyMatch(line -> line.contains(prefix))) {
                left.add("mounts");
            }
            if (processes().findAny().isPresent()) {
                left.add("processes");
            }
            return left;
        }

        List<String> tryLeft() {
            try {
                List<String> left = left();
                processes().forEach(process -> left.add(process.toString()));
                return left;
            } catch (IOException e) {
                return List.of(e.toString());
            }
        }

        private boolean isOurs(Path path) {
            return String.valueOf(path.getFileName()).startsWith(prefix);
        }

        private Stream<Path> processes() throws IOException {
            Predicate<Path> number = path -> String.valueOf(path.getFileName()).matches("[0-9]+");
            return entries(Path.of("/proc")).stream()
                    .filter(number)
                    .filter(process ->
                            sessionOf(process).filter(id -> id == session).isPresent());
        }

        /** The sixth field of /proc/PID/stat (proc_pid_stat(5)), behind the name, which may hold anything. */
        private static Optional<Long> sessionOf(Path process) {
            try {
                String stat = Files.readString(process.resolve("stat"), StandardCharsets.ISO_8859_1);
                String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
                return Optional.of(Long.valueOf(fields[3]));
            } catch (IOException gone) {
                return Optional.empty();
            }
        }
    }
}
