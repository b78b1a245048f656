package io.culvert.xds.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class InternerTest {
    private final Interner interner = new Interner();

    private static String copy(String text) {
        return String.valueOf(text.toCharArray());
    }

    @Test
    void givesTheFirstOfEqualValues() {
        String first = interner.same(copy("network1"));

        assertThat(interner.same(copy("network1"))).isSameAs(first);
        assertThat(interner.same(copy("network2"))).isNotSameAs(first);
    }

    @Test
    void keepsNamesMadeOfPartsThatAreKept() {
        String namespace = interner.same(copy("default"));
        NamespacedName name = interner.name(new NamespacedName(copy("default"), "echo"));

        assertThat(name.namespace()).isSameAs(namespace);
        assertThat(interner.name(new NamespacedName("default", copy("echo")))).isSameAs(name);
    }

    @Test
    void growsWithWhatItIsShownAndStopsAtItsBound() {
        for (int i = 0; i < 2 * Interner.VALUES_MAX; i++) {
            assertThat(interner.same("value " + i)).isEqualTo("value " + i);
        }

        assertThat(interner.capacity()).isEqualTo(Interner.VALUES_MAX);
    }
}
