package io.culvert.agent.enrol;

import io.culvert.agent.eligibility.Verdict;

/** The answer to an {@link AddRequest}. */
public sealed interface Admission {
    /** Rules are in place and the proxy has accepted the pod: it may start. */
    record Enrolled() implements Admission {}

    /** The pod is not to be in the mesh, and was not touched. */
    record NotEligible(Verdict verdict) implements Admission {}

    /** The pod must not start now; the runtime tries again. */
    record Failed(String reason) implements Admission {}
}
