package io.culvert.agent.netns;

import io.culvert.linux.Netns;
import java.io.IOException;
import java.net.InetAddress;
import java.util.Collection;

/** Asks whether a namespace is the one where a pod's addresses live. */
@FunctionalInterface
public interface OwnershipCheck {
    /**
     * Looks into the namespace.
     *
     * @param ips not empty
     * @return true where an interface in the namespace has one of the addresses
     * @throws IOException where the namespace cannot be looked into; it is then not the pod's
     */
    boolean holdsAny(Netns netns, Collection<InetAddress> ips) throws IOException;
}
