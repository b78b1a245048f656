package io.culvert.proxy.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReadinessTest {

    private final Readiness readiness = new Readiness(() -> 0);

    @Test
    void isReadyWhenNothingIsPendingAndNamesWhatIs() {
        assertThat(readiness.isReady()).isTrue();
        Readiness.Gate state = readiness.gate(Readiness.STATE_MANAGER);
        Readiness.Gate pods = readiness.gate(Readiness.WORKLOAD_PROXY_MANAGER);
        assertThat(readiness.pending()).containsExactly("state manager", "workload proxy manager");
        pods.open();
        pods.open();
        assertThat(readiness.isReady()).isFalse();
        state.open();
        assertThat(readiness.isReady()).isTrue();
    }

    @Test
    void aGateMayCloseAgain() {
        Readiness.Gate pods = readiness.gate(Readiness.WORKLOAD_PROXY_MANAGER);
        pods.open();
        pods.close();
        assertThat(readiness.isReady()).isFalse();
        assertThat(pods.isOpen()).isFalse();
        pods.open();
        assertThat(readiness.isReady()).isTrue();
    }
}
