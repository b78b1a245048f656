package io.culvert.xds.identity;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.xds.channel.ManualLoop;
import io.culvert.xds.channel.TestAuthority;
import io.culvert.xds.identity.SimulatedSource.Mode;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What the manager does while its source, its clock or its authority misbehave; hours pass in milliseconds. */
final class CertificateFaultsTest {
    private static final Duration DAY = Duration.ofDays(1);
    private static final int FULL_NODE = 2_000;

    private final ManualLoop loop = new ManualLoop();
    private final SimulatedSource source = new SimulatedSource(loop, DAY);
    private final List<String> heard = new ArrayList<>();
    private final Set<Long> prepared = new HashSet<>();
    private CertificateManager manager = manager(Renewal.AT_HALF_LIFE);

    private CertificateManager manager(Renewal renewal) {
        return new CertificateManager(
                source, certificate -> prepared.add(certificate.generation()), renewal, loop, new Random(7));
    }

    private static Identity identity(int number) {
        return new Identity("td", "ns", "sa-" + number);
    }

    private void request(int number) {
        manager.request(identity(number), Priority.REAL_TIME, new CertificateListener() {
            @Override
            public void onCertificate(WorkloadCertificate certificate) {
                assertThat(prepared.contains(certificate.generation()))
                        .as("prepared before it is handed out")
                        .isTrue();
                heard.add("ok");
            }

            @Override
            public void onFailure(String reason) {
                heard.add(reason);
            }
        });
        loop.run();
    }

    private void requestAll(int identities) {
        IntStream.range(0, identities).forEach(this::request);
        loop.advance(Duration.ofSeconds(30));
    }

    private long available(int identities) {
        return IntStream.range(0, identities)
                .filter(number -> manager.current(identity(number)) != null)
                .count();
    }

    @Test
    void aFullNodeIsServedEightAtATimeAndAskedForOnceEach() {
        requestAll(FULL_NODE);

        assertThat(available(FULL_NODE)).isEqualTo(FULL_NODE);
        assertThat(source.underWayMost).isEqualTo(CertificateManager.CONCURRENT_MAX);
        assertThat(source.asked).hasSize(FULL_NODE).doesNotHaveDuplicates();
        assertThat(heard).hasSize(FULL_NODE).containsOnly("ok");
    }

    @Test
    void renewalsOfAFullNodeSpreadOverATenthOfALife() {
        manager = manager(Renewal.AROUND_HALF_LIFE);
        requestAll(500);
        loop.advance(Duration.ofMinutes(10 * 60 + 47));
        assertThat(source.asked).as("before 45 hundredths").hasSize(500);

        int most = 0;
        for (int minute = 0; minute < 150; minute++) {
            int before = source.asked.size();
            loop.advance(Duration.ofMinutes(1));
            most = Math.max(most, source.asked.size() - before);
        }
        assertThat(source.asked).as("after 55 hundredths").hasSize(1_000);
        assertThat(most).as("in the busiest minute").isLessThan(20);
    }

    @Test
    void withoutJitterAllComeAtHalfLife() {
        requestAll(50);
        loop.advance(DAY.dividedBy(2).minusMinutes(1));
        assertThat(source.asked).hasSize(50);
        loop.advance(Duration.ofMinutes(1));
        assertThat(source.asked).hasSize(100);
    }

    @Test
    void anHourWithoutTheSourceCostsNothingThatWasThere() {
        int identities = 100;
        requestAll(identities);
        for (Mode fault : List.of(Mode.AWAY, Mode.HUNG, Mode.REFUSING)) {
            source.mode = fault;
            loop.advance(DAY.dividedBy(2));
            assertThat(available(identities)).as("while %s", fault).isEqualTo(identities);
            source.mode = Mode.WELL;
            loop.advance(Duration.ofMinutes(10));
            assertThat(loop.delayedTasks()).as("timers after %s", fault).isLessThanOrEqualTo(1);
        }
    }

    @Test
    void allAreAskedForAtOnceWhenTheSourceIsBack() {
        int identities = 400;
        source.mode = Mode.AWAY;
        requestAll(identities);
        loop.advance(Duration.ofHours(1));
        assertThat(available(identities)).isZero();
        assertThat(heard).hasSize(identities).doesNotContain("ok");

        source.mode = Mode.WELL;
        // The first to try finds it well; the others, eight at a time, take a quarter of a second.
        loop.advance(Duration.ofSeconds(4));
        assertThat(available(identities)).isEqualTo(identities);
    }

    @Test
    void aRefusalIsOnlyForTheOneThatWasRefused() {
        source.mode = Mode.REFUSING;
        request(1);
        loop.advance(Duration.ofMinutes(5));
        int asked = source.asked.size();
        source.mode = Mode.WELL;
        request(2);
        loop.advance(Duration.ofMillis(100));

        assertThat(available(3)).isEqualTo(1);
        assertThat(source.asked).hasSize(asked + 1);
    }

    @Test
    void aNodeWhoseClockIsAheadDoesNotAskInALoop() {
        source.clockAhead = Duration.ofHours(-13);
        requestAll(50);
        assertThat(available(50)).isEqualTo(50);

        loop.advance(Duration.ofHours(5));
        assertThat(source.asked).hasSize(50);
    }

    @Test
    void aNodeWhoseClockIsBehindUsesWhatItGets() {
        source.clockAhead = Duration.ofHours(13);
        requestAll(1);
        assertThat(available(1)).isEqualTo(1);
        loop.advance(Duration.ofHours(24));
        assertThat(source.asked).hasSize(1);
    }

    @Test
    void aClockThatWasWrongForAWhileLeavesNothingBehind() {
        requestAll(50);
        loop.jump(Duration.ofDays(2));
        source.clockAhead = Duration.ofDays(-2);
        loop.advance(Duration.ofMinutes(5));
        assertThat(available(50)).isZero();

        loop.jump(Duration.ofDays(-2));
        source.clockAhead = Duration.ZERO;
        loop.advance(Duration.ofMinutes(4));
        assertThat(available(50)).isEqualTo(50);
    }

    @Test
    void aChainThatDoesNotLeadToItsRootsReplacesNoneThatIsValid() throws Exception {
        request(1);
        loop.advance(Duration.ofSeconds(1));
        WorkloadCertificate good = manager.current(identity(1));

        Objects.requireNonNull(source.updates).renewed(strayed(identity(1), loop.instant()));
        loop.run();
        assertThat(manager.current(identity(1))).isSameAs(good);

        loop.advance(DAY.multipliedBy(2));
        source.mode = Mode.AWAY;
        loop.advance(DAY.multipliedBy(2));
        assertThat(manager.current(identity(1))).isNull();
        WorkloadCertificate stray = strayed(identity(1), loop.instant());
        Objects.requireNonNull(source.updates).renewed(stray);
        loop.run();
        assertThat(manager.current(identity(1))).as("for want of another").isSameAs(stray);
    }

    /** Signed by one root, delivered with another. */
    private static WorkloadCertificate strayed(Identity identity, Instant from) throws CertificateRejected {
        KeyPair keys = TestAuthority.newKeys();
        String leaf = TestAuthority.pem(TestAuthority.root("one")
                .sign(keys.getPublic(), from, from.plus(DAY), TestAuthority.uri(identity.toString())));
        byte[] key = TestAuthority.pem(keys.getPrivate()).getBytes(StandardCharsets.US_ASCII);
        return WorkloadCertificate.fromPem(
                identity, key, List.of(leaf, TestAuthority.root("two").pem()));
    }

    @Test
    void takesWhatASourceBringsAndLetsGoOfWhatItWithdraws() {
        source.mode = Mode.REFUSING;
        request(1);
        loop.advance(Duration.ofSeconds(1));
        CertificateSource.Updates updates = Objects.requireNonNull(source.updates);
        WorkloadCertificate brought = source.issue(identity(1));
        updates.renewed(brought);
        updates.renewed(source.issue(identity(2)));
        loop.run();
        assertThat(manager.current(identity(1))).isSameAs(brought);
        assertThat(manager.dump()).as("nobody needs the other").hasSize(1);

        updates.withdrawn(identity(1), "the entry was deleted");
        loop.run();
        assertThat(manager.current(identity(1))).isNull();
        request(1);
        assertThat(heard).endsWith("the entry was deleted");
    }
}
