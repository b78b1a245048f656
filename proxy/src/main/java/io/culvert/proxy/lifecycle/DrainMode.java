package io.culvert.proxy.lifecycle;

/** How something is to end. */
public enum DrainMode {
    /** Take nothing new, let the running finish until the deadline, then cut. For the end of the process. */
    GRACEFUL,
    /** Cut now. For a pod that is gone. */
    IMMEDIATE
}
