package io.culvert.xds.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SharedMapTest {
    /** A key with a chosen hash, so that all depths and collisions are met. */
    private record Key(int number, int hash) {
        @Override
        public int hashCode() {
            return hash;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 64, Integer.MAX_VALUE})
    void behavesAsAHashMapWhateverTheHashes(int hashes) {
        long seed = 7L * hashes;
        Random random = new Random(seed);
        Map<Key, Integer> model = new HashMap<>();
        SharedMap<Key, Integer> map = SharedMap.empty();
        for (int step = 0; step < 6_000; step++) {
            int number = random.nextInt(600);
            Key key = new Key(number, new Random(number).nextInt(hashes));
            SharedMap<Key, Integer> before = map;
            int size = before.size();
            if (random.nextInt(5) < (step < 3_000 ? 4 : 2)) {
                model.put(key, step);
                map = map.with(key, step);
            } else {
                model.remove(key);
                map = map.without(key);
            }
            assertThat(map.get(key)).as("seed %s step %s", seed, step).isEqualTo(model.get(key));
            assertThat(before.size()).isEqualTo(size);
            if (step % 500 == 0) {
                assertSame(map, model);
            }
        }
        assertSame(map, model);
        for (Key key : Map.copyOf(model).keySet()) {
            map = map.without(key);
        }
        assertThat(map.isEmpty()).isTrue();
    }

    private static void assertSame(SharedMap<Key, Integer> map, Map<Key, Integer> model) {
        Map<Key, Integer> copy = new HashMap<>();
        map.forEach(copy::put);
        assertThat(copy).isEqualTo(model);
        assertThat(map.size()).isEqualTo(model.size());
        assertThat(map.values()).containsExactlyInAnyOrderElementsOf(model.values());
        model.forEach((key, value) -> assertThat(map.get(key)).isEqualTo(value));
        assertThat(map.get(new Key(-1, 0))).isNull();
    }

    @Test
    void leavesItsPredecessorsAlone() {
        SharedMap<String, Integer> one = SharedMap.<String, Integer>empty().with("a", 1);
        SharedMap<String, Integer> two = one.with("a", 2).with("b", 3);

        assertThat(one.get("a")).isEqualTo(1);
        assertThat(one.get("b")).isNull();
        assertThat(two.get("a")).isEqualTo(2);
        assertThat(two.without("a").get("a")).isNull();
        assertThat(two.get("a")).isEqualTo(2);
    }

    @Test
    void isTheSameWhenNothingChanges() {
        SharedMap<String, Integer> map = SharedMap.<String, Integer>empty().with("a", 1);

        assertThat(map.with("a", 1)).isSameAs(map);
        assertThat(map.without("b")).isSameAs(map);
    }
}
