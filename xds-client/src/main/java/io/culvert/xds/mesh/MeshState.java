package io.culvert.xds.mesh;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * The current {@link MeshSnapshot}. Writers (the control thread; at start the loader of a file) take turns; each change
 * is published whole, through one volatile write. Readers never wait. Nothing is ever cleared because a source went
 * away.
 */
public final class MeshState {
    private final ReentrantLock writers = new ReentrantLock();
    private final List<MeshListener> listeners = new CopyOnWriteArrayList<>();
    private final Interner interner = new Interner();
    private LocalShare local = LocalShare.NONE;
    private volatile MeshSnapshot snapshot;

    /**
     * Empty at first.
     *
     * @param localNode the name of the node whose workloads are local; empty if it is not known: all are
     */
    public MeshState(String localNode) {
        snapshot = MeshSnapshot.empty(localNode);
    }

    /** One volatile read. */
    public MeshSnapshot snapshot() {
        return snapshot;
    }

    public void addListener(MeshListener listener) {
        listeners.add(listener);
    }

    /** Applies one change, publishes its result, and tells the listeners. An edit that throws changes nothing. */
    public void update(Consumer<MeshEdit> change) {
        writers.lock();
        try {
            MeshEdit edit = new MeshEdit(snapshot, local, interner);
            change.accept(edit);
            MeshSnapshot published = edit.finish();
            snapshot = published;
            local = edit.local();
            if (edit.touchedAddresses()) {
                WorkloadsChange workloads = edit.workloadsChange(published);
                listeners.forEach(listener -> listener.workloadsChanged(workloads));
            }
            if (edit.touchedPolicies()) {
                listeners.forEach(listener -> listener.policiesChanged(published));
            }
        } finally {
            writers.unlock();
        }
    }
}
