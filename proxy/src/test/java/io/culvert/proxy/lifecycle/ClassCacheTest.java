package io.culvert.proxy.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class ClassCacheTest {

    @Test
    void complainsOfACacheThatTheJvmDidNotTake() {
        assertThat(ClassCache.complaint("/x/proxy.aot", "mixed mode, emulated-client"))
                .hasValueSatisfying(line -> assertThat(line)
                        .contains("/x/proxy.aot")
                        .contains("./culvert train")
                        .doesNotContain("\n"));
    }

    @Test
    void saysNothingOfOneThatItTookOrThatNobodyNamed() {
        assertThat(ClassCache.complaint("/x/proxy.aot", "mixed mode, emulated-client, sharing"))
                .isEmpty();
        assertThat(ClassCache.complaint(null, "mixed mode, emulated-client")).isEmpty();
    }
}
