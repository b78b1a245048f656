package io.culvert.testkit.network;

import io.culvert.linux.KernelException;
import io.culvert.linux.Netns;
import java.util.Optional;

/** What this user may do here. */
public final class Privileges {
    private Privileges() {}

    /** Why no network namespace can be made, as a sentence with a remedy; empty when one can. */
    public static Optional<String> obstacleToNamespaces() {
        try (Netns netns = Netns.create()) {
            netns.id();
            return Optional.empty();
        } catch (KernelException refused) {
            return Optional.of("cannot make network namespaces (" + refused.getMessage()
                    + "): run as root, or inside `unshare --user --map-root-user --net --mount`");
        }
    }
}
