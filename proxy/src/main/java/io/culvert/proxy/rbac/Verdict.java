package io.culvert.proxy.rbac;

import io.culvert.proxy.outcome.RejectReason;

/** What policy says of a call. */
public sealed interface Verdict {

    /** Proof that policy was asked about this call and let it pass; only {@link Authorizer} makes one. */
    final class Permit implements Verdict {
        private final Call call;

        Permit(Call call) {
            this.call = call;
        }

        public Call call() {
            return call;
        }
    }

    /** No, and why. */
    record Denied(RejectReason reason) implements Verdict {}
}
