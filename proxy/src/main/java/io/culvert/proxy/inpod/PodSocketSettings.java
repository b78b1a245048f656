package io.culvert.proxy.inpod;

import java.time.Duration;

/**
 * How sockets in pods are made.
 *
 * @param ipv6 listen on the IPv6 wildcard, which takes IPv4 too; else on the IPv4 one
 * @param mark of every packet, so that the pod's rules let it pass; 0: none
 * @param reusePort listeners may share their port with those of another generation of the proxy
 * @param transparency whether callers' addresses are kept
 * @param congestionControl of tunnels, by the kernel's name of the algorithm; empty: whatever the pod's namespace has
 * @param keepalive on dialled sockets, and on those accepted on 15001 and 15006
 */
public record PodSocketSettings(
        boolean ipv6,
        int mark,
        boolean reusePort,
        Transparency transparency,
        String congestionControl,
        Keepalive keepalive) {

    /** The values of ENABLE_ORIG_SRC. */
    public enum Transparency {
        /** Keep the caller's address where the kernel lets us. */
        BEST_EFFORT,
        /** Refuse to listen where it does not. */
        REQUIRED,
        /** Never. */
        OFF
    }

    /**
     * TCP keepalive.
     *
     * @param userTimeout also give up after idle + retries * interval of unacknowledged data
     */
    public record Keepalive(boolean enabled, Duration idle, Duration interval, int retries, boolean userTimeout) {

        int userTimeoutMillis() {
            return Math.toIntExact(idle.plus(interval.multipliedBy(retries)).toMillis());
        }
    }
}
