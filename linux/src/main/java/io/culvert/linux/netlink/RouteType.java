package io.culvert.linux.netlink;

/** What a route does with a packet (linux/rtnetlink.h RTN_*). */
public enum RouteType {
    UNSPECIFIED(0),
    UNICAST(1),
    /** Accept it here. */
    LOCAL(2),
    BROADCAST(3),
    ANYCAST(4),
    MULTICAST(5),
    BLACKHOLE(6),
    UNREACHABLE(7),
    PROHIBIT(8),
    THROW(9);

    private final int number;

    RouteType(int number) {
        this.number = number;
    }

    /** A number without a name here reads as UNSPECIFIED. */
    static RouteType of(int number) {
        for (RouteType type : values()) {
            if (type.number == number) {
                return type;
            }
        }
        return UNSPECIFIED;
    }

    int number() {
        return number;
    }
}
