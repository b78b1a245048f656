package io.culvert.testkit.training;

import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshNode;
import io.culvert.testkit.mesh.MeshOptions;
import io.culvert.testkit.mesh.MeshOptions.Agent;
import io.culvert.testkit.mesh.NodeProgram;
import io.culvert.testkit.mesh.NodePrograms;
import io.culvert.testkit.network.Privileges;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * {@code ./culvert train} up to the records: runs a mesh, with traffic, whose first node's JVMs record; leaves
 * {@code proxy.aotconf} and, if an agent is named, {@code agent.aotconf} in the directory of the only argument. Exit
 * status 0 if they are there, 1 if the mesh did not do as it should, 2 if it cannot be tried here.
 */
public final class TrainingMain {
    private static final int FAILED = 1;
    private static final int CANNOT = 2;

    /** A JVM that records starts without any cache and, on its way out, writes for some seconds. */
    private static final Duration READY_LIMIT = Duration.ofSeconds(90);

    private static final Duration STOP_LIMIT = Duration.ofMinutes(2);

    private final Path directory;
    private final NodePrograms programs;

    private TrainingMain(Path directory, NodePrograms programs) {
        this.directory = directory;
        this.programs = programs;
    }

    public static void main(String[] args) {
        Optional<NodePrograms> programs = NodePrograms.of(properties());
        if (args.length != 1 || programs.isEmpty()) {
            System.err.println("start this by ./culvert train, which says how proxy and agent are started");
            System.exit(CANNOT);
            return;
        }
        Optional<String> obstacle = Privileges.obstacleToNamespaces();
        if (obstacle.isPresent()) {
            System.err.println("no training here: " + obstacle.get());
            System.exit(CANNOT);
        }
        System.exit(new TrainingMain(Path.of(args[0]), programs.get()).run());
    }

    private int run() {
        try (Mesh mesh = Mesh.start(TrainingTraffic.mesh(), options())) {
            new TrainingTraffic(mesh).run();
            collect(mesh);
            return 0;
        } catch (IOException | RuntimeException failure) {
            System.err.println("the training broke off: " + failure.getMessage());
            return FAILED;
        }
    }

    private MeshOptions options() {
        // The other node's proxy need not record; its agent does, too, since a mesh has but one kind of agent.
        MeshOptions.Builder options = MeshOptions.proxy(programs.proxy())
                .proxyOn(TrainingTraffic.RECORDED, recording(programs.proxy(), "proxy"))
                .readyLimit(READY_LIMIT);
        return switch (programs.agent()) {
            case Agent.Testkit none -> options.agent(none).build();
            case Agent.Command agent ->
                options.agent(new Agent.Command(
                                recording(agent.command(), "agent"), agent.environment(), agent.plugin()))
                        .build();
        };
    }

    /** The same command, whose JVM writes its record into its working directory when it ends. */
    private static List<String> recording(List<String> command, String program) {
        List<String> recording = new ArrayList<>(command);
        recording.removeIf(argument -> argument.startsWith("-XX:AOT"));
        recording.addAll(1, List.of("-XX:AOTMode=record", "-XX:AOTConfiguration=" + program + ".aotconf"));
        return recording;
    }

    /** Ends the recorded programs gently, for that is when a record is written, and takes the records. */
    private void collect(Mesh mesh) throws IOException {
        MeshNode recorded = mesh.node(TrainingTraffic.RECORDED);
        take(recorded.proxy(), "proxy");
        if (recorded.hasAgent()) {
            take(recorded.agent(), "agent");
        }
        for (MeshNode node : mesh.nodes()) {
            if (node.hasAgent()) {
                node.agent().kill(); // nobody reads what it would write
            }
        }
    }

    private void take(NodeProgram program, String name) throws IOException {
        program.stop(STOP_LIMIT);
        Path record = program.program().workingDirectory().resolve(name + ".aotconf");
        if (!Files.exists(record)) {
            throw new IOException(
                    program.name() + " left no record:\n" + program.log().tail(10));
        }
        Files.createDirectories(directory);
        Files.move(record, directory.resolve(name + ".aotconf"), StandardCopyOption.REPLACE_EXISTING);
    }

    private static Map<String, String> properties() {
        return System.getProperties().stringPropertyNames().stream()
                .collect(Collectors.toMap(name -> name, name -> System.getProperty(name, "")));
    }
}
