package io.culvert.linux;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

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

    /** Asks again until there is an answer; fails after a time that no answer needs. */
    public static <T> T await(String what, Question<T> question) throws IOException {
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (true) {
            T answer = question.ask();
            if (answer != null) {
                return answer;
            }
            if (System.nanoTime() > deadline) {
                throw new AssertionError("waited in vain for " + what);
            }
            LockSupport.parkNanos(50_000);
        }
    }

    /** Null means: not yet. */
    @FunctionalInterface
    public interface Question<T> {
        @Nullable
        T ask() throws IOException;
    }

    /** Descriptors that this process has open now. */
    public static int openDescriptors() {
        return Objects.requireNonNull(new File("/proc/self/fd").list()).length;
    }
}
