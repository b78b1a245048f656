package io.culvert.xds.identity;

import io.culvert.xds.channel.ManualLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A source on a manual clock, which is well, slow, away or refusing as the test says. */
final class SimulatedSource implements CertificateSource {
    enum Mode {
        WELL,
        /** No answer for as long as a call may take. */
        HUNG,
        /** No connection. */
        AWAY,
        /** It answers, with a no. */
        REFUSING
    }

    private static final Duration CALL_MAX = Duration.ofSeconds(30);

    private final ManualLoop loop;
    private final Duration life;
    final List<Identity> asked = new ArrayList<>();
    final Map<Identity, Integer> answered = new HashMap<>();
    Mode mode = Mode.WELL;
    /** By how far the source's clock is ahead of the node's. */
    Duration clockAhead = Duration.ZERO;

    int underWay;
    int underWayMost;

    @Nullable
    Updates updates;

    SimulatedSource(ManualLoop loop, Duration life) {
        this.loop = loop;
        this.life = life;
    }

    @Override
    public void follow(Updates told) {
        updates = told;
    }

    @Override
    public void fetch(Identity identity, Sink sink) {
        asked.add(identity);
        underWayMost = Math.max(underWayMost, ++underWay);
        Mode now = mode;
        Duration takes = now == Mode.HUNG ? CALL_MAX : Duration.ofMillis(5);
        loop.schedule(takes, () -> {
            underWay--;
            switch (now) {
                case WELL -> {
                    answered.merge(identity, 1, Integer::sum);
                    sink.issued(issue(identity));
                }
                case HUNG -> sink.unreachable("signing gRPC error (DEADLINE_EXCEEDED)");
                case AWAY -> sink.unreachable("signing gRPC error (UNAVAILABLE)");
                case REFUSING -> sink.failed("signing gRPC error (UNAUTHENTICATED)");
            }
        });
    }

    WorkloadCertificate issue(Identity identity) {
        return TestCertificates.issue(identity, loop.instant().plus(clockAhead), life);
    }
}
