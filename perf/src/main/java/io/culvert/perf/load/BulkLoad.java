package io.culvert.perf.load;

import java.io.IOException;
import java.nio.channels.SocketChannel;

/** Command {@code bulk}: some connections that send, take, or both, for a while. */
final class BulkLoad {

    private BulkLoad() {}

    /** Bytes taken here in the stretch; what was sent is counted where it arrives. */
    static Line run(Line command, Stretch stretch, Sockets sockets) throws IOException {
        boolean sends = !command.text("mode").equals("down");
        boolean takes = !command.text("mode").equals("up");
        BulkConnection.Received received = new BulkConnection.Received();
        boolean[] cut = {false};
        try (SelectorLoop loop = new SelectorLoop(stretch.nanoTicker())) {
            for (int i = 0; i < command.count("connections"); i++) {
                SocketChannel channel = sockets.connect(command.address("to"));
                BulkConnection.start(loop, channel, sends, takes, received, () -> cut[0] = true);
            }
            loop.runUntil(stretch.now() + stretch.warmUp().toNanos());
            stretch.started();
            long startNs = stretch.now();
            long before = received.bytes();
            loop.runUntil(startNs + stretch.length().toNanos());
            if (cut[0]) {
                throw new IOException("a connection was cut in the middle of the transfer");
            }
            return Line.of("done").with("received", received.bytes() - before).with("nanos", stretch.now() - startNs);
        }
    }
}
