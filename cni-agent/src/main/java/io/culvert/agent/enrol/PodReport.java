package io.culvert.agent.enrol;

import io.culvert.agent.pod.PodRef;
import io.culvert.agent.pod.PodUid;

/**
 * One pod's standing, for operators.
 *
 * @param lastError of the last attempt; empty where it succeeded
 */
public record PodReport(PodUid uid, PodRef pod, EnrolmentState state, String lastError) {}
