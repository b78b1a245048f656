package io.culvert.perf.axis;

import io.culvert.perf.axis.RequestsAxis.Load;
import java.util.List;

/** All the axes there are, in the order in which they are run. */
public final class Axes {
    private static final int KB = 1_024;

    private Axes() {}

    /**
     * The axes.
     *
     * @param connections counts of connections for the bulk axes
     * @param idleConnections how many rest
     */
    public static List<Axis> all(List<Integer> connections, int idleConnections) {
        return List.of(
                new StartAxis(),
                new BulkAxis(BulkAxis.Way.UPLOAD, connections),
                new BulkAxis(BulkAxis.Way.DOWNLOAD, connections),
                new BulkAxis(BulkAxis.Way.DUPLEX, connections),
                new Iperf3Axis(),
                new LatencyAxis(List.of(1_000, 3_000)),
                new RequestsAxis(
                        "saturation",
                        "requests of 1 KB, the next as soon as the last is answered: requests/s, latency, CPU time",
                        1,
                        List.of(
                                new Load("1 connection", 1, KB),
                                new Load("16 connections", 16, KB),
                                new Load("64 connections", 64, KB))),
                new RequestsAxis(
                        "sizes",
                        "requests and answers of 64 B to 1 MB over 4 connections, each next one at once",
                        0.5,
                        List.of(
                                new Load("64 B", 4, 64),
                                new Load("1 KB", 4, KB),
                                new Load("16 KB", 4, 16 * KB),
                                new Load("128 KB", 4, 128 * KB),
                                new Load("1 MB", 4, KB * KB))),
                new ConnectionsAxis(),
                new HandshakesAxis(),
                new StormAxis(),
                new FairnessAxis(),
                new ChangesAxis(),
                new PassthroughAxis(),
                new PodsAxis(),
                new IdleAxis(idleConnections));
    }
}
