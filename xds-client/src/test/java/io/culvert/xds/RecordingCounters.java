package io.culvert.xds;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Counts for a test to look at. */
final class RecordingCounters implements AdsCounters {
    final List<Termination> terminations = new CopyOnWriteArrayList<>();
    final Map<String, Long> messages = new ConcurrentHashMap<>();
    final Map<String, Integer> rejected = new ConcurrentHashMap<>();

    @Override
    public void connectionTerminated(Termination reason) {
        terminations.add(reason);
    }

    @Override
    public void messageReceived(String typeUrl, long bytes) {
        messages.merge(typeUrl, bytes, Long::sum);
    }

    @Override
    public void resourcesRejected(String typeUrl, int count) {
        rejected.merge(typeUrl, count, Integer::sum);
    }

    Termination firstTermination() {
        return terminations.getFirst();
    }
}
