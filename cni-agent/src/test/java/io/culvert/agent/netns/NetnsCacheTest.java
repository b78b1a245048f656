package io.culvert.agent.netns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.culvert.agent.kernel.Kernel;
import io.culvert.agent.pod.PodUid;
import io.culvert.linux.Netns;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("netns")
final class NetnsCacheTest {
    private static final PodUid UID = new PodUid("uid-1");
    private static final WorkloadIdentity IDENTITY = new WorkloadIdentity("a", "b", "c");
    private static final WorkloadIdentity OTHER = new WorkloadIdentity("x", "b", "c");

    private final NetnsCache cache = new NetnsCache();

    @AfterEach
    void clear() {
        cache.clear();
    }

    @Test
    void keepsTheOldHandleOfTheSameNamespaceAndClosesTheNewOne() throws IOException {
        Netns first = Netns.current();
        Netns second = Netns.current();
        cache.put(UID, IDENTITY, NetnsRef.own(first)).close();
        cache.put(UID, OTHER, NetnsRef.own(second)).close();

        assertThat(first.fd().isOpen()).isTrue();
        assertThat(second.fd().isOpen()).isFalse();
        List<KnownPod> snapshot = cache.snapshot();
        assertThat(snapshot).singleElement().isInstanceOfSatisfying(KnownPod.Found.class, found -> {
            assertThat(found.identity()).isEqualTo(OTHER);
            found.netns().close();
        });
    }

    @Test
    void replacesAnotherNamespace() throws IOException {
        Kernel.requireNamespaces();
        Netns first = Netns.create();
        Netns second = Netns.create();
        cache.put(UID, IDENTITY, NetnsRef.own(first)).close();
        cache.put(UID, IDENTITY, NetnsRef.own(second)).close();

        assertThat(first.fd().isOpen()).isFalse();
        assertThat(second.fd().isOpen()).isTrue();
    }

    @Test
    void keepsAHandleOpenThatIsStillInUse() throws IOException {
        Netns netns = Netns.current();
        NetnsRef inFlight = cache.put(UID, IDENTITY, NetnsRef.own(netns));
        cache.remove(UID);

        assertThat(netns.fd().isOpen()).isTrue();
        inFlight.close();
        inFlight.close();
        assertThat(netns.fd().isOpen()).isFalse();
        assertThatThrownBy(inFlight::fd).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(inFlight::share).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void remembersAPodWhoseNamespaceIsUnknown() {
        cache.expect(UID);
        assertThat(cache.snapshot()).containsExactly(new KnownPod.Missing(UID));
        assertThat(cache.missing()).containsExactly(UID);
        assertThat(cache.find(UID)).isEmpty();
        assertThat(cache.contains(UID)).isTrue();
    }

    @Test
    void doesNotForgetANamespaceThatIsExpectedAgain() throws IOException {
        cache.put(UID, IDENTITY, NetnsRef.own(Netns.current())).close();
        cache.expect(UID);
        assertThat(cache.missing()).isEmpty();
    }
}
