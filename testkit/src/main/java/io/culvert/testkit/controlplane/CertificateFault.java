package io.culvert.testkit.controlplane;

import io.grpc.Status;
import java.time.Duration;

/** What a certificate authority can do wrong. */
public sealed interface CertificateFault {
    /** It answers later. */
    record Slow(Duration delay) implements CertificateFault {}

    /** It does not answer until the plan is cleared. */
    record Silent() implements CertificateFault {}

    /** It says no. */
    record Refused(Status status) implements CertificateFault {}

    /** It signs for somebody else than was asked for. */
    record WrongSan(String identity) implements CertificateFault {}

    /** It signs for another key than the request's. */
    record WrongKey() implements CertificateFault {}

    /** It signs for this long, whatever was asked for. */
    record Life(Duration lifetime) implements CertificateFault {}

    /**
     * Its clock differs from everybody else's.
     *
     * @param ahead negative: it lags
     */
    record Skewed(Duration ahead) implements CertificateFault {}

    /** What it answers is no chain. */
    record Malformed(Shape shape) implements CertificateFault {}

    /** What is wrong with a chain. */
    enum Shape {
        /** Nothing in it. */
        EMPTY,
        /** The leaf alone, no root. */
        LEAF_ALONE,
        /** Text that is no PEM in place of the leaf. */
        GARBAGE,
        /** A root that did not sign. */
        FOREIGN_ROOT
    }
}
