package io.culvert.linux;

import org.jspecify.annotations.Nullable;

/**
 * What to do inside a namespace: one short run of system calls that cannot block. It must not log, wait, start a thread
 * (which would stay in the namespace for ever), or start another window.
 */
@FunctionalInterface
public interface NetnsCall<T extends @Nullable Object, E extends Exception> {
    T run() throws E;
}
