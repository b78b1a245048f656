package io.culvert.xds;

import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Objects;

/** What istiod sent and what ztunnel asked, recorded from the running programs. */
final class Recorded {
    private Recorded() {}

    static DeltaDiscoveryResponse push(String name) {
        try (InputStream stream = open("/istiod/" + name + ".bin")) {
            return DeltaDiscoveryResponse.parseFrom(stream);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static DeltaDiscoveryRequest request(String name) {
        try (InputStream stream = open("/ztunnel-xds/" + name + ".bin")) {
            return DeltaDiscoveryRequest.parseFrom(stream);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static InputStream open(String path) {
        return Objects.requireNonNull(Recorded.class.getResourceAsStream(path), path);
    }

    /** The node proxy that the requests were recorded from. */
    static XdsNode node() {
        return XdsNode.of(
                "10.1.1.1",
                "ztunnel-abc",
                "istio-system",
                "node-a",
                Map.of("CLUSTER_ID", "Kubernetes", "DNS_CAPTURE", "true"),
                Map.of());
    }
}
