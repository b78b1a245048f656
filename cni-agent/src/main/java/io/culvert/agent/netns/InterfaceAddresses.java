package io.culvert.agent.netns;

import io.culvert.linux.Netns;
import io.culvert.linux.netlink.RouteNetlink;
import java.io.IOException;
import java.net.InetAddress;
import java.util.Collection;

/**
 * The ownership check by what the kernel says: the addresses of all interfaces in the namespace. Platform threads only.
 */
public final class InterfaceAddresses implements OwnershipCheck {
    @Override
    public boolean holdsAny(Netns netns, Collection<InetAddress> ips) throws IOException {
        // A netlink socket belongs to the namespace that it was opened in: only the opening happens inside.
        try (RouteNetlink netlink = RouteNetlink.open(netns)) {
            return netlink.addresses().stream().anyMatch(held -> ips.contains(held.address()));
        }
    }
}
