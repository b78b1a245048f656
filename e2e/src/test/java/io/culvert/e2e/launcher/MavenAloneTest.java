package io.culvert.e2e.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code mvn verify} without the launcher: with an older JDK, one sentence says what is needed. */
final class MavenAloneTest {

    @TempDir
    private Path project;

    /** Otherwise the older JVM gives up over an option, before anybody could say why. */
    @Test
    void aJvmThatDoesNotKnowItsOptionsStartsAllTheSame() throws IOException {
        List<String> command = new ArrayList<>(List.of(Shell.java()));
        command.addAll(Shell.words(Shell.ROOT.resolve(".mvn/jvm.config")));
        command.addAll(List.of("--of-a-later-jdk=allow", "-XX:+OfALaterJdk", "-version"));

        Shell version = Shell.run(project, Map.of(), command.toArray(String[]::new));

        assertThat(version.status()).as(version.output()).isZero();
        assertThat(version.output()).doesNotContain("OfALaterJdk", "of-a-later-jdk");
    }

    /** The root project's first step, in a Maven that is told that it runs on 17: not every machine has that. */
    @Test
    void anOlderJdkIsToldWhatIsNeeded() throws IOException {
        Files.copy(Shell.ROOT.resolve("pom.xml"), project.resolve("pom.xml"));
        Files.createDirectory(project.resolve(".mvn"));
        Files.copy(Shell.ROOT.resolve(".mvn/jvm.config"), project.resolve(".mvn/jvm.config"));
        List<String> command = new ArrayList<>(List.of("mvn", "-o", "-B", "-N", "validate", "-Djava.version=17.0.15"));
        String repository = System.getProperty("localRepository", "");
        if (!repository.isEmpty()) {
            command.add("-Dmaven.repo.local=" + repository);
        }
        // Modules that are not here would be missed sooner.
        String pom = Files.readString(project.resolve("pom.xml"));
        Files.writeString(project.resolve("pom.xml"), pom.replaceAll("(?s)<modules>.*?</modules>", ""));

        Shell maven = Shell.run(
                project,
                Map.of("JAVA_HOME", System.getProperty("java.home"), "MAVEN_OPTS", ""),
                command.toArray(String[]::new));

        assertThat(maven.status()).isNotZero();
        assertThat(maven.output())
                .contains("Culvert builds with a JDK 25, and this Maven runs on Java 17.0.15: set JAVA_HOME to a JDK"
                        + " 25, or run ./culvert test, which finds one.");
    }
}
