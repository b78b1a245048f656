package io.culvert.perf;

import io.culvert.perf.axis.Axes;
import io.culvert.perf.axis.Axis;
import java.util.List;

/** What {@code --help} says. */
final class Usage {
    private static final String HEAD = """
            usage: ./culvert perf [OPTIONS]
                   ./culvert perf micro [REGEX] [JMH OPTIONS]

            Measures node proxies side by side: each in a mesh of two nodes of its own, under the same loads, in rounds
            that alternate. Beside them two bounds: 'direct' (no proxy) and 'relay' (a plain TCP relay on each node).

              --peer PATH              also measure this ztunnel-compatible binary (started as PATH proxy)
              --proxy NAME=COMMAND     also measure this proxy; its words are separated by spaces; may be repeated
              --mixed                  also measure pairs: ours on the client's node and each of those proxies on the
                                       server's (culvert-to-NAME), and the other way round (NAME-to-culvert)
              --ours COMMAND           how ours is started (default: as ./culvert proxy)
              --subjects NAME,NAME     measure only these of direct, relay, culvert and the names given (default: all)
              --axis NAME,NAME         measure only these axes (default: all; the list is below)
              --quick                  one round, one second, fewer connections: a few minutes
              --rounds N               rounds, 1 to 100 (default 5); the table shows medians
              --seconds N              length of a measured stretch, 0.5 to 600 (default 2)
              --connections N,N        connections of upload, download and duplex, 1 to 256 each (default 1,4,16,64)
              --idle-connections N     connections of axis idle, 1 to 15000 (default 10000)
              --warm-seconds N         load on each proxy before all but the axes that start it anew: so long new
                                       connections, a quarter of it each other load; 0 for none, or 0.5 to 600
                                       (default 10; with --quick none)
              --ready-seconds N        how long a proxy may take from its start to ready (default 30)
              --merge DIR,DIR          measure nothing: make one report of those that earlier runs left in these
              --out DIRECTORY          where report.md, values.csv and the pictures go (default target/perf)

            Axes:
            """;

    private Usage() {}

    static String text() {
        StringBuilder text = new StringBuilder(HEAD);
        for (Axis axis : Axes.all(List.of(1), 10_000)) {
            text.append("  %-12s %s%n".formatted(axis.name(), axis.meaning()));
        }
        return text.toString();
    }
}
