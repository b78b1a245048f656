package io.culvert.agent.zds;

import io.culvert.agent.netns.NetnsRef;
import io.culvert.agent.netns.WorkloadIdentity;
import io.culvert.agent.pod.PodUid;
import java.util.concurrent.CompletableFuture;

/** One change on its way to a proxy, with the answer that somebody waits for: empty text for success. */
sealed interface Update extends AutoCloseable {
    CompletableFuture<String> answer();

    /** Gives up what the update holds; whoever takes it from the queue calls this. */
    @Override
    void close();

    /**
     * The pod is the proxy's from now on.
     *
     * @param netns a claim of the update's own
     */
    record Add(PodUid uid, WorkloadIdentity identity, NetnsRef netns, CompletableFuture<String> answer)
            implements Update {
        @Override
        public void close() {
            netns.close();
        }
    }

    record Remove(PodUid uid, CompletableFuture<String> answer) implements Update {
        @Override
        public void close() {}
    }
}
