package io.culvert.xds;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class HeldVersionsTest {
    private final HeldVersions held = new HeldVersions();

    private Map<String, String> content() {
        Map<String, String> content = new HashMap<>();
        held.forEach(content::put);
        return content;
    }

    @Test
    void isTheMapThatItStandsFor() {
        SplittableRandom random = new SplittableRandom(7);
        List<String> versions = List.of("", "0123456789abcdef", "ffffffffffffffff", "0123456789ABCDEF", "v1", "é");
        Map<String, String> model = new HashMap<>();
        for (int step = 0; step < 20_000; step++) {
            // Grows to a few hundred, shrinks to nothing, and so on.
            boolean grow = step / 2_000 % 2 == 0;
            String name = "name-" + random.nextInt(400);
            if (random.nextInt(10) < (grow ? 7 : 2)) {
                String version = versions.get(random.nextInt(versions.size()));
                held.put(name, version);
                model.put(name, version);
            } else {
                held.remove(name);
                model.remove(name);
            }
            assertThat(held.get(name)).isEqualTo(model.get(name));
            assertThat(held.contains(name)).isEqualTo(model.containsKey(name));
            if (step % 500 == 0) {
                assertThat(content()).isEqualTo(model);
                Set<String> names = new HashSet<>();
                held.forEachName(names::add);
                assertThat(names).isEqualTo(model.keySet());
            }
        }
        assertThat(held.size()).isEqualTo(model.size());
    }

    @Test
    void knowsWhatARequestThatNamesThemTakes() {
        for (int i = 0; i < 1_000; i++) {
            held.put("Kubernetes//Pod/namespace-" + i + "/pod-é-" + i, i % 2 == 0 ? "0123456789abcdef" : "");
        }
        held.put("Kubernetes//Pod/namespace-7/pod-é-7", "another version");
        held.remove("Kubernetes//Pod/namespace-9/pod-é-9");
        DeltaDiscoveryRequest.Builder request = DeltaDiscoveryRequest.newBuilder();
        held.forEach(request::putInitialResourceVersions);

        int real = request.build().getSerializedSize();

        assertThat(held.requestBytes()).isBetween((long) real, real * 11L / 10);
    }

    @Test
    void emptyAfterAllIsRemovedAndUsableAgain() {
        for (int i = 0; i < 1_000; i++) {
            held.put("n" + i, "v");
        }
        for (int i = 0; i < 1_000; i++) {
            held.remove("n" + i);
        }
        assertThat(held.size()).isZero();
        assertThat(held.requestBytes()).isZero();
        assertThat(content()).isEmpty();
        held.put("again", "");
        assertThat(content()).isEqualTo(Map.of("again", ""));
    }
}
