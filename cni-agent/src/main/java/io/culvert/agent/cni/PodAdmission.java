package io.culvert.agent.cni;

import io.culvert.agent.enrol.AddRequest;
import io.culvert.agent.enrol.Admission;

/** Who decides about a pod that a runtime wants to start; may block for some seconds. */
@FunctionalInterface
public interface PodAdmission {
    /**
     * Decides.
     *
     * @param honourExclusions false where the caller has applied the list of excluded namespaces itself
     */
    Admission admit(AddRequest request, boolean honourExclusions);
}
