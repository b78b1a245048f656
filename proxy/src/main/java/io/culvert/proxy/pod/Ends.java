package io.culvert.proxy.pod;

import io.culvert.proxy.outcome.IoCause;
import io.culvert.proxy.outcome.Outcome;
import io.culvert.proxy.outcome.ProxyError;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.HalfEnd;
import io.culvert.proxy.relay.RelayEnd;
import io.culvert.proxy.relay.TcpDial;

/** What the byte path says of an end, as the outcome of the connection. */
public final class Ends {

    private Ends() {}

    /**
     * Of a relay: the first direction that broke names it; resets count as an ordinary end (ztunnel
     * copy.rs:ignore_io_errors).
     */
    public static Outcome of(RelayEnd end) {
        return of(
                end.toUpstream(),
                ProxyError.Half.SEND,
                of(end.toDownstream(), ProxyError.Half.RECEIVE, Outcome.completed()));
    }

    private static Outcome of(HalfEnd end, ProxyError.Half half, Outcome otherwise) {
        return switch (end) {
            case HalfEnd.Plain ignored -> otherwise;
            case HalfEnd.TunnelLost ignored -> otherwise;
            case HalfEnd.Stopped stopped -> of(stopped.reason());
            case HalfEnd.SocketFailed failed -> broken(half, IoCause.errno(failed.errno()));
            case HalfEnd.StreamReset reset ->
                reset.error().isEmpty()
                        ? otherwise
                        : broken(half, new IoCause("stream error received: code " + reset.code()));
        };
    }

    private static Outcome broken(ProxyError.Half half, IoCause cause) {
        return Outcome.failed(new ProxyError.CopyFailed(half, new ProxyError.IoFailed(cause)));
    }

    /** Of something that was ended from outside. */
    public static Outcome of(EndReason reason) {
        return Outcome.failed(
                switch (reason) {
                    case POLICY_CHANGE -> new ProxyError.PolicyChanged();
                    case CERTIFICATE_REVOKED -> new ProxyError.CertificateRevoked();
                    case DRAIN, POD_REMOVED -> new ProxyError.Drained();
                    case MEMORY ->
                        new ProxyError.IoFailed(new IoCause("its reader is too slow, and buffers ran short"));
                    case FAULT -> new ProxyError.IoFailed(new IoCause("a defect of this program, see the log"));
                });
    }

    /** Why a dial failed, as the kernel or our deadline said it. */
    public static IoCause cause(TcpDial.DialFailure failure) {
        return switch (failure) {
            case TcpDial.Failed failed -> IoCause.errno(failed.errno());
            case TcpDial.TimedOut ignored -> IoCause.TIMED_OUT;
        };
    }
}
