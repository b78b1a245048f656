package io.culvert.xds.channel;

import io.grpc.Status;
import java.security.cert.CertificateException;
import org.jspecify.annotations.Nullable;

/** Makes gRPC's wrapped failures readable. */
public final class Failures {
    private static final int DEPTH_MAX = 16;

    private Failures() {}

    /** The status with its innermost cause; if the token was refused, where that came from. */
    public static String describe(Status status, Token token) {
        String detail = detail(status, token);
        return detail.isEmpty() ? status.getCode().toString() : status.getCode() + ": " + detail;
    }

    /** {@link #describe} without the status's name. */
    public static String detail(Status status, Token token) {
        String said = detail(status);
        return status.getCode() == Status.Code.UNAUTHENTICATED ? said + " (" + token.origin() + ")" : said;
    }

    /** What was said and the innermost cause; of a refused certificate the reason, which says it best. */
    private static String detail(Status status) {
        String innermost = null;
        Throwable cause = status.getCause();
        for (int depth = 0; cause != null && depth < DEPTH_MAX; depth++) {
            innermost = text(cause);
            if (cause instanceof CertificateException) {
                break;
            }
            cause = cause.getCause();
        }
        // Netty appends the pipeline, on a line of its own.
        String said = status.getDescription() == null
                ? ""
                : status.getDescription().lines().findFirst().orElse("");
        if (innermost == null || said.contains(innermost)) {
            return said;
        }
        return said.isEmpty() ? innermost : said + ": " + innermost;
    }

    private static String text(Throwable cause) {
        @Nullable String message = cause.getMessage();
        return message == null ? cause.getClass().getSimpleName() : message;
    }
}
