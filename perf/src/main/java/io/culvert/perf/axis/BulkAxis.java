package io.culvert.perf.axis;

import io.culvert.perf.load.Line;
import io.culvert.perf.load.Service;
import io.culvert.perf.subject.Subject;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** Throughput through a tunnel, one way or both, by number of connections. */
final class BulkAxis implements Axis {

    /** Which way the bytes go, seen from the client. */
    enum Way {
        UPLOAD("up", Service.SINK),
        DOWNLOAD("down", Service.SOURCE),
        DUPLEX("both", Service.DUPLEX);

        private final String mode;
        private final Service service;

        Way(String mode, Service service) {
            this.mode = mode;
            this.service = service;
        }
    }

    private final Way way;
    private final List<Integer> connections;

    BulkAxis(Way way, List<Integer> connections) {
        this.way = way;
        this.connections = List.copyOf(connections);
    }

    @Override
    public String name() {
        return switch (way) {
            case UPLOAD -> "upload";
            case DOWNLOAD -> "download";
            case DUPLEX -> "duplex";
        };
    }

    @Override
    public String meaning() {
        return switch (way) {
            case UPLOAD -> "bulk from client to server, counted where it arrives; CPU time per GB of both proxies";
            case DOWNLOAD -> "bulk from server to client, the same";
            case DUPLEX -> "bulk both ways at once on each connection; the sum of both ways";
        };
    }

    @Override
    public boolean suits(Subject.Kind kind) {
        return true;
    }

    @Override
    public Duration estimate(Lengths lengths) {
        return lengths.whole(1).multipliedBy(connections.size());
    }

    @Override
    public void measure(Subject subject, Lengths lengths, Figures figures) throws IOException {
        for (int count : connections) {
            Line command = lengths.command("bulk", 1)
                    .with("mode", way.mode)
                    .with("connections", count)
                    .with("to", subject.route().at(way.service));
            figures.bulk(name(), connections(count), subject.kind(), subject.measure(subject.route(), command));
        }
    }

    static String connections(int count) {
        return count == 1 ? "1 connection" : count + " connections";
    }
}
