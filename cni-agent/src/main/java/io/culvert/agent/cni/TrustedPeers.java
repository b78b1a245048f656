package io.culvert.agent.cni;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.Set;
import jdk.net.ExtendedSocketOptions;

/**
 * Who may ask the agent to program a namespace: root, which every container runtime runs as, and the agent's own user.
 * The kernel vouches for the peer (SO_PEERCRED); principals compare by uid, whatever names the image has for them.
 */
final class TrustedPeers {
    private final Set<UserPrincipal> trusted;

    private TrustedPeers(Set<UserPrincipal> trusted) {
        this.trusted = trusted;
    }

    static TrustedPeers rootAndSelf() throws IOException {
        FileSystem files = FileSystems.getDefault();
        // A name that is no user's is read as a number: uid 0 is found without a user database.
        UserPrincipal root = files.getUserPrincipalLookupService().lookupPrincipalByName("0");
        UserPrincipal self = Files.getOwner(Path.of("/proc/self"));
        return new TrustedPeers(root.equals(self) ? Set.of(root) : Set.of(root, self));
    }

    /** Empty where the peer is trusted, else who it is. */
    String refusal(SocketChannel peer) throws IOException {
        UserPrincipal user = peer.getOption(ExtendedSocketOptions.SO_PEERCRED).user();
        return trusted.contains(user) ? "" : user.getName();
    }
}
