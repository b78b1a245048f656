package io.culvert.linux;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.util.Objects;

/** What tests ask of the machine they run on. */
public final class TestKernel {
    private TestKernel() {}

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
}
