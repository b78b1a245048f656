package io.culvert.agent.kernel;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.culvert.linux.Netns;
import java.io.File;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/** What tests ask of the machine they run on. */
public final class Kernel {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private Kernel() {}

    /** Skips the test, and says so, where this process may not make network namespaces. */
    public static void requireNamespaces() {
        try (Netns made = Netns.create()) {
            made.call(() -> true);
        } catch (IOException e) {
            assumeTrue(false, "not run: needs root, or a user namespace with CAP_SYS_ADMIN (" + e.getMessage() + ")");
        }
    }

    /** Descriptors that this process has open now. */
    public static int openDescriptors() {
        return Objects.requireNonNull(new File("/proc/self/fd").list()).length;
    }

    /** Threads of this process that are not the test framework's own pollers. */
    public static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !thread.getName().startsWith("awaitility"))
                .count();
    }

    /** Waits for what another thread or the kernel brings about; looks often, gives up late. */
    public static ConditionFactory await(String what) {
        return Awaitility.await(what).atMost(PATIENCE).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(2));
    }
}
