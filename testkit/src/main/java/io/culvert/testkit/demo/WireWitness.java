package io.culvert.testkit.demo;

import com.google.protobuf.ByteString;
import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.network.PacketTap;
import io.culvert.testkit.network.ServerHello;
import io.culvert.testkit.network.TcpSegment;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Sits on the fabric, between the nodes, and tells what goes by: which TLS was agreed on, and whether a request was
 * readable.
 */
final class WireWitness implements AutoCloseable {
    private static final int HBONE_PORT = 15008;
    private static final ByteString REQUEST = ByteString.copyFromUtf8("GET /");

    private final Set<ServerHello> hellos = ConcurrentHashMap.newKeySet();
    private final AtomicInteger readableRequests = new AtomicInteger();
    private final AtomicInteger hboneSegments = new AtomicInteger();
    private final PacketTap tap;

    private WireWitness(Mesh mesh) throws IOException {
        this.tap = PacketTap.start(mesh.fabricNetns(), this::saw);
    }

    static WireWitness on(Mesh mesh) throws IOException {
        return new WireWitness(mesh);
    }

    private void saw(TcpSegment segment) {
        if (segment.source().getPort() == HBONE_PORT) {
            hboneSegments.incrementAndGet();
            ServerHello.parse(segment.payload()).ifPresent(hellos::add);
        }
        int port = segment.destination().getPort();
        if ((port == DemoMesh.POD_PORT || port == DemoMesh.SERVICE_PORT)
                && segment.payload().startsWith(REQUEST)) {
            readableRequests.incrementAndGet();
        }
    }

    /** What servers chose so far, in words. */
    List<String> agreements() {
        return hellos.stream()
                .map(hello ->
                        hello.versionName() + ", cipher " + hello.cipherName() + ", key exchange " + hello.groupName())
                .sorted()
                .toList();
    }

    boolean sawTls13() {
        return hellos.stream().anyMatch(hello -> hello.versionName().equals("TLS 1.3"));
    }

    int hboneSegments() {
        return hboneSegments.get();
    }

    int readableRequests() {
        return readableRequests.get();
    }

    @Override
    public void close() {
        tap.close();
    }
}
