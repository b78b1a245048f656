package io.culvert.xds.identity;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.xds.channel.ManualLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Scheduling, on a clock that the test moves. */
final class CertificateManagerTest {
    private static final Identity A = identity("a");
    private static final Duration DAY = Duration.ofDays(1);

    private final ManualLoop loop = new ManualLoop();
    private final FakeSource source = new FakeSource();
    private final CertificateManager manager = manager(source, Renewal.AT_HALF_LIFE);
    private final List<String> heard = new ArrayList<>();

    private CertificateManager manager(CertificateSource from, Renewal renewal) {
        return new CertificateManager(from, CertificatePreparation.NONE, renewal, loop, new Random(1));
    }

    /** Holds requests until the test answers them. */
    private static final class FakeSource implements CertificateSource {
        private final Map<Identity, Sink> pending = new LinkedHashMap<>();
        private final List<Identity> asked = new ArrayList<>();

        @Override
        public void fetch(Identity identity, Sink sink) {
            asked.add(identity);
            assertThat(pending.put(identity, sink))
                    .as("two requests for %s", identity)
                    .isNull();
            assertThat(pending.size()).isLessThanOrEqualTo(CertificateManager.CONCURRENT_MAX);
        }

        Sink take(Identity identity) {
            Sink sink = pending.remove(identity);
            if (sink == null) {
                throw new AssertionError("not asked for " + identity);
            }
            return sink;
        }
    }

    private static Identity identity(String account) {
        return new Identity("td", "ns", account);
    }

    private void request(Identity identity, Priority priority) {
        manager.request(identity, priority, new CertificateListener() {
            @Override
            public void onCertificate(WorkloadCertificate certificate) {
                heard.add(certificate.identity().serviceAccount() + " ok");
            }

            @Override
            public void onFailure(String reason) {
                heard.add(identity.serviceAccount() + " " + reason);
            }
        });
        loop.run();
    }

    private WorkloadCertificate issue(Identity identity, Duration life) {
        WorkloadCertificate certificate = TestCertificates.issue(identity, loop.instant(), life);
        source.take(identity).issued(certificate);
        loop.run();
        return certificate;
    }

    private void fail(Identity identity, String reason) {
        source.take(identity).failed(reason);
        loop.run();
    }

    private String state(Identity identity) {
        return manager.dump().stream()
                .filter(status -> status.identity().equals(identity))
                .map(CertificateStatus::stateText)
                .findFirst()
                .orElse("none");
    }

    @AfterEach
    void everyRequestIsAnsweredOnClose() {
        manager.close();
        loop.run();
        request(identity("late"), Priority.REAL_TIME);
        assertThat(heard.getLast()).isEqualTo("late shutting down");
    }

    @Test
    void asksOnceForAllWhoWait() {
        for (int i = 0; i < 100; i++) {
            request(A, Priority.REAL_TIME);
        }
        assertThat(source.asked).hasSize(1);
        assertThat(manager.current(A)).isNull();
        assertThat(state(A)).isEqualTo("Initializing");

        WorkloadCertificate certificate = issue(A, DAY);

        assertThat(heard).hasSize(100).containsOnly("a ok");
        assertThat(manager.current(A)).isSameAs(certificate);
        assertThat(state(A)).isEqualTo("Available");
        request(A, Priority.REAL_TIME);
        assertThat(source.asked).hasSize(1);
        assertThat(heard).hasSize(101);
    }

    @Test
    void renewsAtHalfLife() {
        request(A, Priority.REAL_TIME);
        WorkloadCertificate first = issue(A, DAY);

        loop.advance(Duration.ofHours(12).minusSeconds(1));
        assertThat(source.asked).hasSize(1);
        loop.advance(Duration.ofSeconds(1));
        assertThat(source.asked).hasSize(2);
        assertThat(manager.current(A)).isSameAs(first);

        WorkloadCertificate second = issue(A, DAY);
        assertThat(manager.current(A)).isSameAs(second);
        assertThat(second.generation()).isNotEqualTo(first.generation());
        loop.advance(Duration.ofHours(12));
        assertThat(source.asked).hasSize(3);
    }

    @Test
    void asksForEightAtATimeTheUrgentFirst() {
        for (int i = 0; i < 8; i++) {
            request(identity("busy" + i), Priority.BACKGROUND);
        }
        request(identity("background"), Priority.BACKGROUND);
        request(identity("warmup"), Priority.WARMUP);
        loop.advance(Duration.ofSeconds(1));
        request(identity("late"), Priority.WARMUP);
        request(identity("urgent"), Priority.REAL_TIME);
        request(identity("background"), Priority.REAL_TIME);
        assertThat(source.asked).hasSize(8);

        for (int i = 0; i < 4; i++) {
            issue(identity("busy" + i), DAY);
        }

        assertThat(source.asked.subList(8, 12))
                .extracting(Identity::serviceAccount)
                .containsExactly("background", "urgent", "warmup", "late");
    }

    @Test
    void failsFastWithTheLastErrorUntilANewAttemptSucceeds() {
        request(A, Priority.REAL_TIME);
        fail(A, "no way");
        assertThat(heard).containsExactly("a no way");
        assertThat(state(A)).isEqualTo("Unavailable: no way");

        request(A, Priority.REAL_TIME);
        assertThat(heard).containsExactly("a no way", "a no way");
        assertThat(source.asked).hasSize(1);

        loop.advance(Duration.ofMillis(1_200));
        assertThat(source.asked).hasSize(2);
        request(A, Priority.REAL_TIME);
        assertThat(heard).hasSize(3);
        issue(A, DAY);
        request(A, Priority.REAL_TIME);
        assertThat(heard.getLast()).isEqualTo("a ok");
    }

    @Test
    void waitsLongerAfterEachFailureAndShortlyAfterASuccess() {
        request(A, Priority.REAL_TIME);
        List<Double> seconds = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            int asked = source.asked.size();
            var before = loop.instant();
            fail(A, "no");
            while (source.asked.size() == asked) {
                loop.advance(loop.nextIn());
            }
            seconds.add(Duration.between(before, loop.instant()).toMillis() / 1000.0);
        }
        double expected = 1;
        for (double waited : seconds) {
            assertThat(waited).isBetween(expected * 0.8, Math.min(expected * 1.2, 150));
            expected = Math.min(expected * 2, 150);
        }

        issue(A, DAY);
        loop.advance(Duration.ofHours(12));
        fail(A, "no");
        loop.advance(Duration.ofMillis(1_200));
        assertThat(source.pending).containsKey(A);
    }

    @Test
    void keepsTheOldCertificateWhileItIsValid() {
        request(A, Priority.REAL_TIME);
        WorkloadCertificate old = issue(A, Duration.ofSeconds(20));
        loop.advance(Duration.ofSeconds(10));
        while (loop.instant().isBefore(old.notAfter().minusMillis(500))) {
            assertThat(manager.current(A)).isSameAs(old);
            assertThat(state(A)).isEqualTo("Available");
            if (source.pending.containsKey(A)) {
                fail(A, "CA is away");
            }
            loop.advance(Duration.ofMillis(100));
        }
        // At the latest when it expires it is asked for again.
        loop.advance(Duration.ofMillis(600));
        assertThat(manager.current(A)).isNull();
        fail(A, "CA is away");
        assertThat(state(A)).isEqualTo("Unavailable: CA is away");
    }

    @Test
    void refusesACertificateThatHasExpired() {
        request(A, Priority.REAL_TIME);
        source.take(A).issued(TestCertificates.issue(A, loop.instant().minusSeconds(7_200), Duration.ofHours(1)));
        loop.run();

        assertThat(heard).singleElement().asString().contains("expired at").contains("check the clocks");
        assertThat(manager.current(A)).isNull();
    }

    @Test
    void doesNotAskAtOnceForACertificateThatIsPastHalfItsLife() {
        request(A, Priority.REAL_TIME);
        source.take(A).issued(TestCertificates.issue(A, loop.instant().minusSeconds(50), Duration.ofSeconds(60)));
        loop.run();
        loop.advance(Duration.ofMillis(4_900));
        assertThat(source.asked).hasSize(1);

        loop.advance(Duration.ofMillis(100));
        assertThat(source.asked).hasSize(2);
    }

    @Test
    void forgetsAndTellsWhoWaits() {
        request(A, Priority.REAL_TIME);
        manager.forget(A);
        loop.run();
        assertThat(heard).containsExactly("a the identity is no longer needed");

        issue(A, DAY);
        assertThat(manager.current(A)).isNull();
        assertThat(manager.dump()).isEmpty();
        loop.advance(DAY);
        assertThat(source.asked).hasSize(1);

        request(A, Priority.REAL_TIME);
        assertThat(source.asked).hasSize(2);
    }

    @Test
    void boundsWhoWaits() {
        for (int i = 0; i <= CertificateManager.WAITING_MAX; i++) {
            request(A, Priority.REAL_TIME);
        }

        assertThat(heard).singleElement().asString().startsWith("a more than");
    }

    @Test
    void noticesAJumpOfTheClockWithinAMinute() {
        request(A, Priority.REAL_TIME);
        issue(A, DAY);

        assertThat(loop.nextIn()).isEqualTo(Duration.ofMinutes(1));
    }
}
