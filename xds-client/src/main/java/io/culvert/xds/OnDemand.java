package io.culvert.xds;

/** Asks the control plane for single addresses, where not the whole mesh is subscribed to (XDS_ON_DEMAND). */
public interface OnDemand {
    /**
     * Asks for an address resource: a workload or a service, whichever has it. From any thread.
     *
     * @param key {@code network/address}, a workload's uid, or {@code namespace/hostname}
     */
    void demand(String key, Listener listener);

    /** Hears the answer, on the control thread. */
    interface Listener {
        /**
         * The control plane has answered, and what it said is in the mesh state: look there. Waits as long as it takes,
         * also over lost connections.
         */
        void answered();

        /** Too many wait already; nothing is known of the address. */
        void refused();
    }
}
