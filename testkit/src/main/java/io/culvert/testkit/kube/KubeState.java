package io.culvert.testkit.kube;

import com.google.gson.JsonObject;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/** What the event loop owns: objects, watches, requests seen, and who waits for what. */
final class KubeState {
    private static final int REQUESTS_MAX = 5_000;

    private final KubeStore store;
    private final Set<Watch> watches = new LinkedHashSet<>();
    private final ArrayDeque<KubeRequest> requests = new ArrayDeque<>();
    private final List<Expectation> expectations = new ArrayList<>();

    KubeState(Clock clock) {
        store = new KubeStore(clock);
        store.listen(this::changed);
    }

    private record Expectation(ObjectKey key, Predicate<JsonObject> wanted, CompletableFuture<JsonObject> found) {
        /** Whether it is settled by now. */
        boolean settle(JsonObject object) {
            if (!found.isDone() && object.size() > 0 && wanted.test(object)) {
                found.complete(object.deepCopy());
            }
            return found.isDone();
        }
    }

    KubeStore store() {
        return store;
    }

    private void changed(KubeStore.Change change) {
        List.copyOf(watches).forEach(watch -> watch.changed(change));
        expectations.removeIf(one -> one.key().equals(change.key()) && one.settle(change.after()));
    }

    void expect(ObjectKey key, Predicate<JsonObject> wanted, CompletableFuture<JsonObject> found) {
        Expectation expectation = new Expectation(key, wanted, found);
        JsonObject now = store.get(key);
        if (now == null || !expectation.settle(now)) {
            expectations.add(expectation);
        }
    }

    void opened(Watch watch) {
        watches.add(watch);
    }

    void ended(Watch watch) {
        watches.remove(watch);
    }

    int watchCount() {
        return watches.size();
    }

    void closeWatches() {
        List.copyOf(watches).forEach(Watch::end);
    }

    void bookmark() {
        List.copyOf(watches).forEach(Watch::bookmark);
    }

    void seen(KubeRequest request) {
        if (requests.size() == REQUESTS_MAX) {
            requests.removeFirst();
        }
        requests.addLast(request);
    }

    List<KubeRequest> requests() {
        return List.copyOf(requests);
    }
}
