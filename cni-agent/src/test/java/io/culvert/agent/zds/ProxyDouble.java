package io.culvert.agent.zds;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.culvert.linux.Fd;
import io.culvert.linux.SeqpacketSocket;
import io.culvert.proto.zds.Ack;
import io.culvert.proto.zds.Version;
import io.culvert.proto.zds.WorkloadRequest;
import io.culvert.proto.zds.WorkloadResponse;
import io.culvert.proto.zds.ZdsHello;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A node proxy as far as ZDS goes, driven by hand over a real socket. */
public final class ProxyDouble implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final SeqpacketSocket socket;

    private ProxyDouble(SeqpacketSocket socket) {
        this.socket = socket;
    }

    /** Connects and says nothing. */
    static ProxyDouble connectSilently(Path path) throws IOException {
        return new ProxyDouble(SeqpacketSocket.connect(path));
    }

    /** Connects and says hello. */
    public static ProxyDouble connect(Path path) throws IOException {
        ProxyDouble proxy = connectSilently(path);
        proxy.send(ZdsHello.newBuilder().setVersion(Version.V1).build().toByteArray());
        return proxy;
    }

    void send(byte[] record) throws IOException {
        socket.send(record);
    }

    /** The next request, with the number of descriptors that came with it. */
    record Received(WorkloadRequest request, int fds) {}

    Received receive() throws IOException {
        return receive(PATIENCE);
    }

    Received receive(Duration patience) throws IOException {
        SeqpacketSocket.Record record = socket.receive(1024, patience);
        assertThat(record.isEnd()).as("the agent closed the connection").isFalse();
        record.fds().forEach(ProxyDouble::assertIsNetns);
        record.closeFds();
        try {
            return new Received(
                    WorkloadRequest.parseFrom(record.bytes()), record.fds().size());
        } catch (InvalidProtocolBufferException e) {
            throw new IOException(e);
        }
    }

    private static void assertIsNetns(Fd fd) {
        assertThat(fd.isOpen()).isTrue();
    }

    void ack() throws IOException {
        send(WorkloadResponse.newBuilder()
                .setAck(Ack.getDefaultInstance())
                .build()
                .toByteArray());
    }

    void nack(String error) throws IOException {
        send(WorkloadResponse.newBuilder()
                .setAck(Ack.newBuilder().setError(error))
                .build()
                .toByteArray());
    }

    /** Receives one and acknowledges it. */
    public WorkloadRequest take() throws IOException {
        Received received = receive();
        ack();
        return received.request();
    }

    /** Acknowledges up to and including the end of the snapshot; returns what was before it. */
    public List<WorkloadRequest> takeSnapshot() throws IOException {
        List<WorkloadRequest> before = new ArrayList<>();
        while (true) {
            WorkloadRequest next = take();
            if (next.hasSnapshotSent()) {
                return before;
            }
            before.add(next);
        }
    }

    /** Waits for the agent to close the connection. */
    void awaitEnd() throws IOException {
        while (true) {
            SeqpacketSocket.Record record = socket.receive(1024, PATIENCE);
            record.closeFds();
            if (record.isEnd()) {
                return;
            }
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
