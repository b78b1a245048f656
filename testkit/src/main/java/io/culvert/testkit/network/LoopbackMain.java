package io.culvert.testkit.network;

import io.culvert.linux.KernelException;
import io.culvert.linux.netlink.RouteNetlink;

/**
 * Brings up the loopback interface of the namespace it is started in. The launcher runs it in a fresh namespace before
 * it starts anything else there: a JVM that finds no IPv6 address at its first socket does without IPv6 for good.
 */
public final class LoopbackMain {
    private LoopbackMain() {}

    public static void main(String[] arguments) throws KernelException {
        try (RouteNetlink routes = RouteNetlink.open()) {
            routes.setUp("lo");
        }
    }
}
