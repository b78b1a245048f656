package io.culvert.proxy.hbone;

import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.RawBuffer;
import io.culvert.proxy.relay.TunnelStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * A server connection in memory that accepts every request and writes down what becomes of its streams. On the loop
 * only.
 */
final class ServerForTests implements ConnectionOwner {
    final MemoryTransport transport;
    final HboneConnection connection;
    /** By stream: "CONNECT authority", "data N sum", "end", "reset code", "lost". Adjacent data is one entry. */
    final Map<Integer, StringBuilder> traces = new TreeMap<>();

    private final List<Recorder> recorders = new ArrayList<>();
    final Map<Integer, HboneStream> streams = new TreeMap<>();
    final List<ConnectionEnd> ends = new ArrayList<>();
    /** Credits come at once, or when the test says so. */
    boolean creditAtOnce = true;

    boolean acceptAtOnce = true;
    int owed;

    ServerForTests(DataLoop loop) {
        this(loop, HboneConfig.defaults());
    }

    ServerForTests(DataLoop loop, HboneConfig config) {
        transport = new MemoryTransport(loop);
        connection = new HboneConnection(transport, true, config, this);
        connection.start();
    }

    HboneStream stream(int id) {
        return Objects.requireNonNull(streams.get(id), "no stream " + id);
    }

    String trace(int id) {
        return Objects.requireNonNull(traces.get(id), "no stream " + id).toString();
    }

    void receive(byte[] bytes) {
        transport.receive(bytes, 0, bytes.length);
    }

    /** The frames that were sent since the last call. */
    List<RawFrames.Frame> sent() {
        connection.writer().flush();
        return RawFrames.parse(transport.taken());
    }

    @Override
    public void onConnect(HboneStream stream, ConnectRequest request) {
        StringBuilder trace = new StringBuilder(request.method() + " " + request.authority());
        request.headers()
                .forEach(header ->
                        trace.append(' ').append(header.name()).append('=').append(header.value()));
        traces.put(stream.id(), trace);
        streams.put(stream.id(), stream);
        if (acceptAtOnce) {
            stream.accept(List.of());
            Recorder recorder = new Recorder(stream, trace);
            recorders.add(recorder);
            stream.attach(recorder);
        }
    }

    /** Writes down what data was seen so far. */
    void flush() {
        recorders.forEach(Recorder::flush);
    }

    /** Writes one stream's events down. */
    private final class Recorder implements TunnelStream.TunnelEvents {
        private final HboneStream stream;
        private final StringBuilder trace;
        private long sum;
        private long count;

        Recorder(HboneStream stream, StringBuilder trace) {
            this.stream = stream;
            this.trace = trace;
        }

        @Override
        public void onData(RawBuffer buffer, int at, int bytes) {
            for (int i = 0; i < bytes; i++) {
                sum = sum * 31 + buffer.getByte(at + i);
            }
            count += bytes;
            if (creditAtOnce) {
                stream.credit(bytes);
            } else {
                owed += bytes;
            }
        }

        private void flush() {
            if (count > 0) {
                trace.append(" data ").append(count).append(' ').append(sum);
                count = 0;
                sum = 0;
            }
        }

        @Override
        public void onEnd() {
            flush();
            trace.append(" end");
        }

        @Override
        public void onReset(int code) {
            flush();
            trace.append(" reset ").append(code);
        }

        @Override
        public void onLost(String why) {
            flush();
            trace.append(" lost");
        }

        @Override
        public void onSendable() {}
    }

    @Override
    public void onEstablished() {}

    @Override
    public void onPeerSettings() {}

    @Override
    public void onAbandoned(HboneStream stream) {}

    @Override
    public void onStreamEnded() {}

    @Override
    public void onGoingAway() {}

    @Override
    public void onClosed(ConnectionEnd end) {
        ends.add(end);
    }
}
