package io.culvert.agent.enrol;

import io.culvert.agent.pod.PodFacts;
import io.culvert.agent.pod.Redirection;
import java.net.InetAddress;
import java.util.List;
import java.util.Set;

/**
 * What to do about a pod, judged by what it is now [istio cni/pkg/nodeagent/informers.go reconcilePod]. The first line
 * that fits:
 *
 * <pre>
 *   annotated, and no process of it runs any more            Withdraw, the namespace is as good as gone
 *   (annotated enabled) == wanted, and not pending           Nothing, or its new addresses only
 *   no process of it runs any more                           Nothing
 *   not wanted                                               Withdraw
 *   pending, but enrolled by this agent                      Confirm
 *   no address yet                                           Nothing: an update will bring one
 *   otherwise                                                Enrol
 * </pre>
 *
 * <p>Two lines are ours. A pod that is annotated but whose namespace was not found after a restart is enrolled again,
 * which looks for it, instead of being left without a proxy at the next snapshot. And a pod that joins is pending for a
 * moment ({@link PodEnrolment#add}), of which we hear when it is enrolled already.
 */
sealed interface Decision {
    record Nothing() implements Decision {}

    /** The pod's addresses changed while it is enrolled. */
    record MoveAddresses(List<InetAddress> ips) implements Decision {}

    record Enrol() implements Decision {}

    /** Say once more that it is enrolled. Nothing changes if what we heard is merely late. */
    record Confirm() implements Decision {}

    /**
     * Out of the mesh.
     *
     * @param processesGone true: no rules need to be taken out, the namespace ends by itself
     */
    record Withdraw(boolean processesGone) implements Decision {}

    /**
     * Decides.
     *
     * @param lastIps the addresses that were exempted for probes last
     */
    static Decision of(PodFacts pod, boolean wanted, EnrolmentState state, List<InetAddress> lastIps) {
        Redirection annotation = pod.redirection();
        boolean enabled = annotation == Redirection.ENABLED;
        boolean annotated = annotation != Redirection.ABSENT;
        if (annotated && pod.terminal()) {
            return new Withdraw(true);
        }
        if (pod.terminal()) {
            return new Nothing();
        }
        if (enabled == wanted && annotation != Redirection.PENDING && !stillOwed(wanted, state)) {
            return enabled && addressesChanged(pod, lastIps) ? new MoveAddresses(pod.ips()) : new Nothing();
        }
        if (!wanted) {
            return new Withdraw(false);
        }
        if (annotation == Redirection.PENDING && state == EnrolmentState.ENROLLED) {
            return new Confirm();
        }
        return pod.ips().isEmpty() ? new Nothing() : new Enrol();
    }

    private static boolean addressesChanged(PodFacts pod, List<InetAddress> lastIps) {
        return !pod.ips().isEmpty() && !Set.copyOf(pod.ips()).equals(Set.copyOf(lastIps));
    }

    /** The annotation says that all is well, but we know better. */
    private static boolean stillOwed(boolean wanted, EnrolmentState state) {
        return switch (state) {
            case LOST -> wanted;
            case LEAVING -> true;
            case OUTSIDE, REDIRECTED, ENROLLED -> false;
        };
    }
}
