package io.culvert.proxy.relay;

/** Why something that runs well is ended from outside. */
public enum EndReason {
    /** An authorization policy no longer allows it. */
    POLICY_CHANGE,
    /** The peer's certificate was revoked. */
    CERTIFICATE_REVOKED,
    /** The drain deadline passed. */
    DRAIN,
    /** Its pod left the mesh. */
    POD_REMOVED,
    /** It held more than all others when buffers ran short. */
    MEMORY,
    /** The loop ends, or a defect of this program was met. */
    FAULT
}
