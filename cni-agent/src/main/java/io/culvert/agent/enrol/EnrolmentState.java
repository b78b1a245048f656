package io.culvert.agent.enrol;

import java.util.EnumSet;
import java.util.Set;

/**
 * Where one pod stands.
 *
 * <pre>
 *              rules in   proxy      annotation   leaves to
 *              the pod    accepted
 *   OUTSIDE    no         no         none         REDIRECTED when its rules are written; LOST at start
 *   LOST       yes        perhaps    enabled      REDIRECTED when its namespace is found; LEAVING; OUTSIDE when deleted
 *   REDIRECTED yes        no         pending      ENROLLED when a proxy accepts it; LEAVING; OUTSIDE
 *   ENROLLED   yes        yes        enabled      REDIRECTED while it is handed over again; LEAVING; OUTSIDE
 *   LEAVING    perhaps    perhaps    as before    OUTSIDE when all steps are done; REDIRECTED when it is wanted again
 * </pre>
 */
public enum EnrolmentState {
    OUTSIDE("nothing of ours is in the pod"),
    LOST("enrolled before the agent started; its network namespace is looked for"),
    REDIRECTED("its traffic is redirected, but no node proxy has accepted it yet"),
    ENROLLED("redirected, and served by the node proxy"),
    LEAVING("being taken out of the mesh; a step has still to succeed");

    private final String meaning;

    EnrolmentState(String meaning) {
        this.meaning = meaning;
    }

    /** For operators. */
    public String meaning() {
        return meaning;
    }

    /** Whether this step is one of the table above; staying is always allowed. */
    boolean mayBecome(EnrolmentState next) {
        return next == this || successors().contains(next);
    }

    private Set<EnrolmentState> successors() {
        return switch (this) {
            case OUTSIDE -> EnumSet.of(REDIRECTED, LOST, LEAVING);
            case LOST -> EnumSet.of(REDIRECTED, LEAVING, OUTSIDE);
            case REDIRECTED -> EnumSet.of(ENROLLED, LEAVING, OUTSIDE);
            case ENROLLED -> EnumSet.of(REDIRECTED, LEAVING, OUTSIDE);
            case LEAVING -> EnumSet.of(OUTSIDE, REDIRECTED);
        };
    }
}
