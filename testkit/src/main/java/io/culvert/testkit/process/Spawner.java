package io.culvert.testkit.process;

import io.culvert.linux.Netns;
import io.culvert.linux.NetnsId;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Forks children inside a network namespace, such that they die with the testkit.
 *
 * <p><b>Namespace.</b> Children become what they are through util-linux {@code nsenter --net=FILE}, which joins the
 * namespace and becomes the program by exec, under the same process id; if it cannot join, the program does not run.
 * Rejected: forking on a thread that has joined the namespace. Children do inherit it there, but
 * {@link ProcessBuilder#start} also starts the JDK's reaper thread, which then stays in the pod's namespace, and keeps
 * it alive long after the pod.
 *
 * <p><b>Death with the parent.</b> Children run under util-linux {@code setpriv --pdeathsig KILL}, which sets the
 * signal and execs, too. The kernel sends that signal when the <em>thread</em> that forked ends (prctl(2),
 * PR_SET_PDEATHSIG), hence one thread here that never does. It works after kill -9 of the JVM, too. Rejected: a pipe on
 * standard input, because the programs that stand in (ztunnel, sleep) do not read theirs. Where setpriv is missing,
 * children outlive a killed testkit until the next start sweeps them (see the run directory's records).
 */
public final class Spawner {
    private static final String SETPRIV = "setpriv";
    private static final String NSENTER = "nsenter";

    private static final ExecutorService FORKING = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("testkit-spawner").daemon().factory());

    private Spawner() {}

    /** Starts {@code program} in the caller's namespace. */
    public static Child start(Program program) throws IOException {
        return start(program, null);
    }

    /**
     * Starts {@code program} in {@code netns}; null: where the testkit itself is. The handle must stay open until the
     * child has joined, which is when it first does anything.
     */
    public static Child start(Program program, @Nullable Netns netns) throws IOException {
        Files.createDirectories(program.workingDirectory());
        Files.createDirectories(program.log().toAbsolutePath().getParent());
        ProcessBuilder builder = builderOf(program, netns);
        builder.redirectErrorStream(true);
        builder.redirectOutput(Redirect.appendTo(program.log().toFile()));
        return new Child(program, fork(builder), LogFile.at(program.log()));
    }

    /**
     * Starts {@code program} with its standard streams as pipes, for a conversation of one request and one answer. The
     * caller closes the streams and awaits the end.
     */
    public static Process startPiped(Program program, @Nullable Netns netns) throws IOException {
        Files.createDirectories(program.workingDirectory());
        return fork(builderOf(program, netns).redirectInput(Redirect.PIPE));
    }

    /** Whether children get the parent-death signal. */
    public static boolean childrenDieWithParent() {
        return DeathSignal.AVAILABLE;
    }

    private static ProcessBuilder builderOf(Program program, @Nullable Netns netns) {
        List<String> command = new ArrayList<>();
        if (DeathSignal.AVAILABLE) {
            command.addAll(List.of(SETPRIV, "--pdeathsig", "KILL", "--"));
        }
        if (netns != null) {
            long self = ProcessHandle.current().pid();
            // By path: the JDK closes all descriptors above 2 in children.
            command.addAll(
                    List.of(NSENTER, "--net=/proc/" + self + "/fd/" + netns.fd().number(), "--"));
        }
        command.addAll(program.command());
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.directory(program.workingDirectory().toFile());
        builder.environment().clear();
        builder.environment().putAll(program.wholeEnvironment());
        builder.redirectInput(Redirect.from(new File("/dev/null")));
        return builder;
    }

    private static Process fork(ProcessBuilder builder) throws IOException {
        try {
            return FORKING.submit(builder::start).get();
        } catch (ExecutionException failure) {
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            throw new IOException("cannot start " + builder.command() + ": " + cause.getMessage(), cause);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while starting " + builder.command(), interrupted);
        }
    }

    /** The network namespace of a process, by /proc. */
    public static NetnsId namespaceOf(long pid) throws IOException {
        Path link = Path.of("/proc", Long.toString(pid), "ns", "net");
        return new NetnsId((Long) Files.getAttribute(link, "unix:dev"), (Long) Files.getAttribute(link, "unix:ino"));
    }

    /** Tried once, when the first child starts. */
    private static final class DeathSignal {
        static final boolean AVAILABLE = works();

        private static boolean works() {
            try {
                return new ProcessBuilder(SETPRIV, "--pdeathsig", "KILL", "--", "true")
                                .redirectErrorStream(true)
                                .redirectOutput(Redirect.DISCARD)
                                .start()
                                .waitFor()
                        == 0;
            } catch (IOException missing) {
                return false;
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
    }
}
