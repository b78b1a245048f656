package io.culvert.testkit.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LogFileTest {
    @TempDir
    Path directory;

    private Path path;
    private LogFile log;

    @BeforeEach
    void name() {
        path = directory.resolve("log");
        log = LogFile.at(path);
    }

    @Test
    void fileThatIsNotThereYetIsEmpty() {
        assertThat(log.lines()).isEmpty();
        assertThat(log.position()).isZero();
        assertThat(log.tail(3)).contains("nothing written");
    }

    @Test
    void unfinishedLineIsNotSeen() throws IOException {
        append("one\ntw");
        assertThat(log.lines()).containsExactly("one");
        append("o\n");
        assertThat(log.lines()).containsExactly("one", "two");
    }

    @Test
    void positionHidesWhatCameBefore() throws IOException {
        append("old line\n");
        long position = log.position();
        append("new line\n");
        assertThat(log.firstLineSince(position, line -> line.endsWith("line"))).contains("new line");
        assertThat(log.firstLineSince(log.position(), line -> true)).isEmpty();
    }

    @Test
    void tailHasTheLastLinesOnly() throws IOException {
        append("one\ntwo\nthree\n");
        assertThat(log.tail(2)).contains("two", "three").doesNotContain("one");
    }

    private void append(String text) throws IOException {
        Files.writeString(path, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
