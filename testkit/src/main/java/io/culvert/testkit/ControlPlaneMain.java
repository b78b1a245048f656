package io.culvert.testkit;

import io.culvert.testkit.controlplane.ControlPlane;
import io.culvert.testkit.controlplane.ControlScript;
import io.culvert.testkit.controlplane.ProxyAccount;
import io.culvert.testkit.controlplane.ProxySetup;
import io.culvert.testkit.listen.Listening;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.MeshFile;
import io.culvert.testkit.spec.MeshResources;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.NodeSpec;
import io.culvert.testkit.spec.ScaleMesh;
import io.culvert.testkit.spec.SpecException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * The control plane by itself, for proxies that somebody else starts. Exit status: 0 after SIGTERM, 1 if it cannot
 * start, 2 for wrong arguments.
 */
public final class ControlPlaneMain {
    private final ControlPlaneArguments arguments;
    private final ControlPlane controlPlane;
    private final Path directory;
    private final ControlPlanePage page;
    /** Nodes whose proxies have been told how to start. */
    private final Set<String> told = new HashSet<>();

    private MeshSpec mesh;
    private AddressPlan plan;

    private ControlPlaneMain(
            ControlPlaneArguments arguments,
            ControlPlane controlPlane,
            Path directory,
            ControlPlanePage page,
            MeshSpec mesh,
            AddressPlan plan) {
        this.arguments = arguments;
        this.controlPlane = controlPlane;
        this.directory = directory;
        this.page = page;
        this.mesh = mesh;
        this.plan = plan;
    }

    public static void main(String[] args) throws InterruptedException {
        ControlPlaneArguments arguments;
        try {
            arguments = ControlPlaneArguments.parse(List.of(args));
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage() + "\n" + ControlPlaneArguments.USAGE);
            System.exit(2);
            return;
        }
        AtomicInteger status = new AtomicInteger();
        try {
            run(arguments, System.out, status);
        } catch (IOException | SpecException | IllegalArgumentException e) {
            System.err.println("control plane: " + describe(e));
            status.set(1);
            System.exit(1);
        }
    }

    private static String describe(Exception e) {
        String cause = e.getCause() == null ? "" : " (" + e.getCause().getMessage() + ")";
        return e.getMessage() + cause;
    }

    private static void run(ControlPlaneArguments arguments, PrintStream out, AtomicInteger status)
            throws IOException, InterruptedException {
        MeshSpec mesh = read(arguments);
        AddressPlan plan = AddressPlan.of(mesh, arguments.offset());
        Optional<ControlScript> script = arguments.script().isPresent()
                ? Optional.of(ControlScript.read(arguments.script().get()))
                : Optional.empty();
        // Watched before it listens, so that no change after the start is missed.
        try (FileWatch watch = FileWatch.of(arguments.mesh())) {
            ControlPlane controlPlane = ControlPlane.builder()
                    .listening(Listening.at(arguments.listen()))
                    .trustDomain(mesh.trustDomain())
                    .start();
            Optional<Path> temporary = arguments.directory().isPresent()
                    ? Optional.empty()
                    : Optional.of(Files.createTempDirectory("culvert-control-plane-"));
            Runtime.getRuntime().addShutdownHook(new Thread(() -> end(controlPlane, temporary, status), "shutdown"));
            Path directory = Files.createDirectories(
                    arguments.directory().or(() -> temporary).orElseThrow());
            ControlPlaneMain main =
                    new ControlPlaneMain(arguments, controlPlane, directory, new ControlPlanePage(out), mesh, plan);
            main.begin();
            script.ifPresent(main::runScript);
            while (true) {
                watch.await();
                main.reload();
            }
        }
    }

    private static MeshSpec read(ControlPlaneArguments arguments) throws IOException {
        if (!Files.isReadable(arguments.mesh())) {
            throw new IOException("mesh file " + arguments.mesh() + " is not there or not readable; see --mesh");
        }
        return MeshFile.read(arguments.mesh());
    }

    /** SIGTERM is the ordinary end: it leaves the status at 0, where the JVM would say 143. */
    private static void end(ControlPlane controlPlane, Optional<Path> temporary, AtomicInteger status) {
        controlPlane.close();
        temporary.ifPresent(ControlPlaneMain::delete);
        Runtime.getRuntime().halt(status.get());
    }

    private static void delete(Path directory) {
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            System.err.println("cannot remove " + directory + ": " + e.getMessage());
        }
    }

    private void begin() throws IOException {
        serve();
        String url = "https://" + authority();
        page.started(url, directory.resolve("root-cert.pem").toAbsolutePath());
        tell();
        page.ready(url);
        page.flush();
    }

    private void serve() {
        MeshResources resources = MeshResources.of(mesh, plan);
        if (arguments.generated().isEmpty()) {
            controlPlane.serve(resources);
            return;
        }
        ScaleMesh generated = arguments.generated().get();
        controlPlane.edit(edit -> edit.replace(
                Stream.concat(resources.addresses().stream(), generated.addresses()),
                Stream.concat(resources.authorizations().stream(), generated.authorizations())));
    }

    /** Beside the watching of the file: a script may wait for minutes. */
    private void runScript(ControlScript script) {
        Thread.ofPlatform().name("script").daemon(true).start(() -> {
            try {
                script.run(controlPlane, page::step);
                page.step("(end of the script)");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private String authority() {
        String host = controlPlane.address().getAddress().getHostAddress();
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":"
                + controlPlane.address().getPort();
    }

    private void reload() throws IOException {
        try {
            MeshSpec changed = read(arguments);
            if (changed.equals(mesh)) {
                return;
            }
            if (!changed.trustDomain().equals(mesh.trustDomain())) {
                throw new SpecException("trustDomain", "cannot change while certificates are out; start anew");
            }
            AddressPlan evolved = plan.evolve(changed);
            mesh = changed;
            plan = evolved;
            serve();
            tell();
        } catch (IOException | SpecException e) {
            page.kept(String.valueOf(e.getMessage()));
            page.flush();
        }
    }

    private void tell() throws IOException {
        page.mesh(arguments.mesh(), mesh, plan);
        for (NodeSpec node : mesh.nodes()) {
            if (told.add(node.name())) {
                page.proxy(ProxySetup.write(
                        controlPlane,
                        mesh,
                        ProxyAccount.ofNode(node.name()),
                        directory,
                        controlPlane.address(),
                        plan.proxy(node.name()).v4()));
            }
        }
        page.flush();
    }
}
