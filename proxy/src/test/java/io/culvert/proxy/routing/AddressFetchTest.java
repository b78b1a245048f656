package io.culvert.proxy.routing;

import static io.culvert.proxy.routing.TestMesh.pod;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.outcome.ProxyError;
import io.culvert.xds.OnDemand;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.NetworkAddress;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("loop")
class AddressFetchTest {

    private static final String KEY = "/10.0.0.1";

    private final TestMesh mesh = new TestMesh();
    /** Each key that was asked for, once, with who waits for the answer. */
    private final Map<String, OnDemand.Listener> asked = new LinkedHashMap<>();

    private final AddressFetch fetch = new AddressFetch(mesh.state(), Optional.of(this::demand));
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final List<String> answers = new ArrayList<>();

    private void demand(String key, OnDemand.Listener listener) {
        assertThat(asked.put(key, listener)).as("asked for twice").isNull();
    }

    private void fetch(AddressFetch by) {
        by.fetch(
                new NetworkAddress("", IpAddress.parse("10.0.0.1")),
                "ns",
                channel.eventLoop(),
                new AddressFetch.Listener() {
                    @Override
                    public void fetched() {
                        answers.add("fetched");
                    }

                    @Override
                    public void failed(ProxyError error) {
                        answers.add("failed " + error);
                    }
                });
    }

    private OnDemand.Listener answer() {
        return Objects.requireNonNull(asked.remove(KEY));
    }

    private void runLoop() {
        channel.runPendingTasks();
        channel.runScheduledPendingTasks();
    }

    @Test
    void neverWaitsWhereTheWholeMeshIsFollowed() {
        fetch(new AddressFetch(mesh.state(), Optional.empty()));
        assertThat(answers).containsExactly("fetched");
    }

    @Test
    void asksForNothingThatIsKnown() {
        mesh.workload(pod("a", "10.0.0.1"));
        fetch(fetch);
        assertThat(answers).containsExactly("fetched");
        assertThat(asked).isEmpty();
    }

    @Test
    void asksOnceAndWakesEverybodyOnTheirLoop() {
        fetch(fetch);
        fetch(fetch);
        assertThat(asked).containsOnlyKeys(KEY);
        assertThat(fetch.waiting()).isEqualTo(2);
        answer().answered();
        assertThat(answers).as("not on the control thread").isEmpty();
        runLoop();
        assertThat(answers).containsExactly("fetched", "fetched");
        assertThat(fetch.waiting()).isZero();
    }

    @Test
    void asksAgainForWhatWasNotThere() {
        fetch(fetch);
        answer().answered();
        runLoop();
        fetch(fetch);
        assertThat(asked).containsOnlyKeys(KEY);
    }

    @Test
    void refusesRatherThanToDecideWithoutAnAnswer() {
        channel.freezeTime();
        fetch(fetch);
        channel.advanceTimeBy(AddressFetch.WAIT_SECONDS, TimeUnit.SECONDS);
        runLoop();
        assertThat(answers).singleElement().asString().startsWith("failed AddressUnanswered");
        assertThat(fetch.waiting()).isZero();

        fetch(fetch);
        answer().answered();
        runLoop();
        assertThat(answers).as("the question was still open").hasSize(2).endsWith("fetched");
    }

    @Test
    void refusesWhereTooManyWait() {
        fetch(fetch);
        answer().refused();
        runLoop();
        assertThat(answers).singleElement().asString().startsWith("failed AddressUnanswered");
    }

    private void fetchCaller() {
        fetch.fetchCaller(
                new NetworkAddress("", IpAddress.parse("10.0.0.1")), channel.eventLoop(), () -> answers.add("went on"));
    }

    private boolean mustAskForCaller() {
        return fetch.mustAskForCaller("", IpAddress.parse("10.0.0.1"));
    }

    @Test
    void waitsForTheNamesOfACaller() {
        assertThat(mustAskForCaller()).isTrue();
        fetchCaller();
        assertThat(answers).isEmpty();
        mesh.workload(pod("a", "10.0.0.1"));
        answer().answered();
        runLoop();
        assertThat(answers).containsExactly("went on");
        assertThat(mustAskForCaller()).isFalse();
    }

    @Test
    void goesOnWithoutTheNamesOfACallerWhoseAnswerTakesTooLong() {
        channel.freezeTime();
        fetchCaller();
        channel.advanceTimeBy(AddressFetch.CALLER_WAIT_MS, TimeUnit.MILLISECONDS);
        runLoop();
        assertThat(answers).containsExactly("went on");

        assertThat(mustAskForCaller()).as("nobody waits for the same again").isFalse();
        answer().answered();
        assertThat(mustAskForCaller())
                .as("there was nobody; there may be by now")
                .isTrue();
    }

    @Test
    void asksForNoCallersWhereTheWholeMeshIsFollowed() {
        AddressFetch whole = new AddressFetch(mesh.state(), Optional.empty());
        assertThat(whole.mustAskForCaller("", IpAddress.parse("10.0.0.1"))).isFalse();
    }
}
