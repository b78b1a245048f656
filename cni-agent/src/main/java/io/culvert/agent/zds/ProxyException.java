package io.culvert.agent.zds;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * No node proxy has accepted the pod. Always worth another attempt: a proxy that connects later gets the pod by its
 * snapshot.
 */
public final class ProxyException extends IOException {
    private static final long serialVersionUID = 1L;

    public ProxyException(String message) {
        super(message);
    }

    ProxyException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /** For the thread that waited for what failed on another one. */
    static ProxyException elsewhere(ExecutionException e) {
        Throwable cause = e.getCause();
        return new ProxyException(cause == null ? e.toString() : String.valueOf(cause.getMessage()), cause);
    }
}
