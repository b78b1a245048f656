package io.culvert.proxy.routing;

import static io.culvert.proxy.routing.TestMesh.pod;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.xds.mesh.Workload;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Who is kept away from, and for how long. */
final class EjectionsTest {
    private static final long LASTS = 10;

    private final AtomicLong clock = new AtomicLong();
    private final Ejections ejections = new Ejections(clock::get, LASTS);
    private final Workload one = pod("one", "10.0.0.1").build();
    private final Workload two = pod("two", "10.0.0.2").build();

    @Test
    void lastsForItsTimeAndEndsByItself() {
        assertThat(ejections.isEmpty()).isTrue();
        assertThat(ejections.failed(one, 80)).isTrue();
        assertThat(ejections.isEmpty()).isFalse();
        assertThat(ejections.isEjected(one, 80)).isTrue();
        assertThat(ejections.isEjected(two, 80)).isFalse();
        clock.set(LASTS - 1);
        assertThat(ejections.isEjected(one, 80)).isTrue();
        clock.set(LASTS);
        assertThat(ejections.isEjected(one, 80)).isFalse();
        assertThat(ejections.isEmpty()).isTrue();
        assertThat(ejections.size()).isZero();
    }

    @Test
    void anotherPortOfTheSameWorkloadIsAnotherEndpoint() {
        assertThat(ejections.failed(one, 80)).isTrue();
        assertThat(ejections.isEjected(one, 81)).isFalse();
    }

    @Test
    void eachFailureBeginsTheTimeAnewAndSuccessEndsIt() {
        assertThat(ejections.failed(one, 80)).isTrue();
        clock.set(5);
        assertThat(ejections.failed(one, 80)).isFalse();
        clock.set(LASTS + 2);
        assertThat(ejections.isEjected(one, 80)).isTrue();
        ejections.succeeded(one, 80);
        assertThat(ejections.isEmpty()).isTrue();
    }

    @Test
    void neverHoldsMoreThanItsBound() {
        for (int i = 0; i < 2 * Ejections.EJECTED_MAX; i++) {
            assertThat(ejections.failed(one, i)).isTrue();
        }
        assertThat(ejections.size()).isEqualTo(Ejections.EJECTED_MAX);
        assertThat(ejections.isEjected(one, 0)).isFalse();
        assertThat(ejections.isEjected(one, 2 * Ejections.EJECTED_MAX - 1)).isTrue();
    }

    @Test
    void ejectsNobodyWhereItIsOff() {
        Ejections off = new Ejections(clock::get, 0);
        assertThat(off.failed(one, 80)).isFalse();
        assertThat(off.isEmpty()).isTrue();
    }
}
