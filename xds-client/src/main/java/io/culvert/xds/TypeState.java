package io.culvert.xds;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What is known of one type's conversation. It outlives streams. Used by the control thread. */
final class TypeState {
    private final HeldVersions held = new HeldVersions();
    private final RejectedResources rejected = new RejectedResources();

    /** Nothing was repeated on this stream: its first response is the whole of what there is. */
    private boolean resyncing;
    /** No response has come on this stream. */
    private boolean awaitingFirst = true;

    private boolean acked;
    private long responses;
    private long nacks;
    private long added;
    private long removed;
    private long resyncs;
    private String version = "";
    private String nonce = "";

    /**
     * A new stream begins.
     *
     * @param repeat whether what is held is repeated; else the first answer is the whole
     */
    void begin(boolean repeat) {
        awaitingFirst = true;
        resyncing = !repeat;
        if (resyncing) {
            resyncs++;
        }
    }

    HeldVersions held() {
        return held;
    }

    /** Whether a response was ACKed, ever. */
    boolean acked() {
        return acked;
    }

    /** What is held and has no place in a response that has everything; empty if this is no such response. */
    List<String> missingFrom(Push push) {
        if (!resyncing || !awaitingFirst) {
            return List.of();
        }
        Set<String> missing = HashSet.newHashSet(held.size());
        held.forEachName(missing::add);
        // One that will be rejected is still the server's: its last good state stays.
        push.forEach(resource -> missing.remove(resource.getName()));
        return List.copyOf(missing);
    }

    /** Books what an earlier process held: it is repeated like anything else, and is no word of the server. */
    void restored(MeshChange change) {
        change.accepted().forEach(held::put);
    }

    /** Books a response whose change has been applied to the mesh. */
    void applied(MeshChange change, Push push, boolean wildcard) {
        change.removed().forEach(held::remove);
        change.accepted().forEach(held::put);
        if (awaitingFirst && wildcard) {
            rejected.retain(change.rejected().keySet());
        }
        rejected.clear(change.removed());
        rejected.clear(change.accepted());
        rejected.add(change.rejected());
        awaitingFirst = false;
        resyncing = false;
        responses++;
        added += change.accepted().size();
        removed += change.removed().size();
        version = push.version();
        nonce = push.nonce();
        if (change.rejected().isEmpty()) {
            acked = true;
        } else {
            nacks++;
        }
    }

    AdsStatus.TypeStatus status() {
        return new AdsStatus.TypeStatus(
                held.size(),
                responses,
                nacks,
                added,
                removed,
                resyncs,
                version,
                nonce,
                rejected.count(),
                rejected.reasons());
    }
}
