package io.culvert.proxy.routing;

import static io.culvert.proxy.routing.TestMesh.pod;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.outcome.ProxyError;
import io.culvert.xds.mesh.Workload;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("loop")
class LocalWorkloadsTest {

    private final TestMesh mesh = new TestMesh();
    private final LocalWorkloads workloads = new LocalWorkloads(mesh.state());
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final List<String> answers = new ArrayList<>();

    private void find(String name) {
        workloads.find(new WorkloadRef(name, "ns", "sa-" + name), channel.eventLoop(), new LocalWorkloads.Listener() {
            @Override
            public void found(Workload workload) {
                answers.add("found " + workload.name());
            }

            @Override
            public void failed(ProxyError error) {
                answers.add("failed " + error);
            }
        });
    }

    private void runLoop() {
        channel.runPendingTasks();
        channel.runScheduledPendingTasks();
    }

    @Test
    void answersAtOnceForAPodThatIsKnown() {
        mesh.workload(pod("a", "10.0.0.1"));
        find("a");
        assertThat(answers).containsExactly("found a");
        assertThat(workloads.waiting()).isZero();
    }

    @Test
    void wakesWhenTheWorkloadComes() {
        channel.freezeTime();
        find("a");
        mesh.workload(pod("b", "10.0.0.2"));
        runLoop();
        assertThat(answers).isEmpty();
        mesh.workload(pod("a", "10.0.0.1"));
        runLoop();
        assertThat(answers).containsExactly("found a");
        channel.advanceTimeBy(10, TimeUnit.SECONDS);
        runLoop();
        assertThat(answers).hasSize(1);
        assertThat(workloads.waiting()).isZero();
    }

    @Test
    void givesUpAfterFiveSeconds() {
        channel.freezeTime();
        find("a");
        channel.advanceTimeBy(4_999, TimeUnit.MILLISECONDS);
        runLoop();
        assertThat(answers).isEmpty();
        channel.advanceTimeBy(2, TimeUnit.MILLISECONDS);
        runLoop();
        assertThat(answers)
                .singleElement()
                .asString()
                .contains("UnknownLocalWorkload")
                .contains("ns/a/sa-a");
        assertThat(workloads.waiting()).isZero();
    }

    @Test
    void aWorkloadOfAnotherNodeIsNotTheLocalOne() {
        channel.freezeTime();
        mesh.workload(pod("a", "10.0.0.1").node("elsewhere"));
        find("a");
        assertThat(answers).isEmpty();
    }
}
