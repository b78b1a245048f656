package io.culvert.proxy.outcome;

/**
 * The one result of a connection. Access log, metrics and response status are all derived from it, see
 * {@link OutcomeTable}.
 */
public sealed interface Outcome {

    /** Both directions came to their end. A reset or broken pipe by either application counts as such an end. */
    record Completed() implements Outcome {}

    /** Something went wrong, in the proxy, on the way, or by decision. */
    record Failed(ProxyError error) implements Outcome {}

    static Outcome completed() {
        return new Completed();
    }

    static Outcome failed(ProxyError error) {
        return new Failed(error);
    }

    /** The value of the {@code response_flags} label. */
    default ResponseFlag flag() {
        return switch (this) {
            case Completed ignored -> ResponseFlag.NONE;
            case Failed failed -> OutcomeTable.of(failed.error()).flag();
        };
    }
}
