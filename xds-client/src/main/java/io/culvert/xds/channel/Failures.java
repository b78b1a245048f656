package io.culvert.xds.channel;

import io.grpc.Status;
import java.security.cert.CertificateException;
import org.jspecify.annotations.Nullable;

/** Makes gRPC's wrapped failures readable. */
public final class Failures {
    private static final int DEPTH_MAX = 16;

    private Failures() {}

    /** The status with its innermost cause. */
    public static String describe(Status status) {
        String detail = detail(status);
        return detail.isEmpty() ? status.getCode().toString() : status.getCode() + ": " + detail;
    }

    /** What was said and the innermost cause; of a refused certificate the reason, which says it best. */
    public static String detail(Status status) {
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
