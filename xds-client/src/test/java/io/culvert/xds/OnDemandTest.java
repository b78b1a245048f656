package io.culvert.xds;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Resource;
import io.culvert.xds.mesh.MeshState;
import io.culvert.xds.snapshot.StateKeeper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Addresses asked for one by one. */
final class OnDemandTest {
    private final MeshState mesh = new MeshState("");
    private final DeltaProtocol protocol = new DeltaProtocol(
            Recorded.node().node(), mesh, AdsCounters.none(), DeltaProtocol.Subscription.ON_DEMAND, StateKeeper.NONE);
    private final List<String> heard = new ArrayList<>();

    private List<DeltaDiscoveryRequest> demand(String key) {
        return protocol
                .demand(key, new OnDemand.Listener() {
                    @Override
                    public void answered() {
                        heard.add(key);
                    }

                    @Override
                    public void refused() {
                        heard.add("refused " + key);
                    }
                })
                .stream()
                .toList();
    }

    private void receive(DeltaDiscoveryResponse response) {
        protocol.respond(response);
        protocol.takeAnswered().forEach(OnDemand.Listener::answered);
    }

    @Test
    void subscribesToNoAddressAndAllPolicies() {
        List<DeltaDiscoveryRequest> requests = protocol.initialRequests();

        assertThat(requests).hasSize(2);
        assertThat(requests.get(0).getResourceNamesSubscribeList()).containsExactly("*");
        assertThat(requests.get(0).getResourceNamesUnsubscribeList()).containsExactly("*");
        assertThat(requests.get(1).getResourceNamesSubscribeList()).isEmpty();
        assertThat(requests.get(1).getResourceNamesUnsubscribeList()).isEmpty();
    }

    @Test
    void isInSyncWhenThePoliciesAre() {
        receive(Pushes.addresses("1"));
        assertThat(protocol.synced()).isFalse();
        receive(Pushes.policies("2"));
        assertThat(protocol.synced()).isTrue();
    }

    @Test
    void asksOnceForAKeyAndTellsEverybodyWhoWaits() {
        List<DeltaDiscoveryRequest> first = demand("w");

        assertThat(first).singleElement().satisfies(request -> {
            assertThat(request.getResourceNamesSubscribeList()).containsExactly("w");
            assertThat(request.getTypeUrl()).isEqualTo(ResourceType.ADDRESS.typeUrl());
            assertThat(request.hasNode()).isFalse();
        });
        assertThat(demand("w")).isEmpty();
        receive(Pushes.addresses("1", Pushes.workload("other")));
        assertThat(heard).isEmpty();
        receive(Pushes.addresses("2", Pushes.workload("w")));
        assertThat(heard).containsExactly("w", "w");
        assertThat(mesh.snapshot().workloadByUid("w")).isNotNull();
        receive(Pushes.addresses("3", Pushes.workload("w")));
        assertThat(heard).hasSize(2);
    }

    @Test
    void anAliasIsAnAnswer() {
        demand("network1/10.0.0.1");
        Resource service =
                Pushes.workload("w").toBuilder().addAliases("network1/10.0.0.1").build();
        receive(Pushes.addresses("1", service));
        assertThat(heard).containsExactly("network1/10.0.0.1");
    }

    @Test
    void thatThereIsNoneIsAnAnswer() {
        demand("/10.99.99.99");
        receive(Pushes.removal("1", "/10.99.99.99"));
        assertThat(heard).containsExactly("/10.99.99.99");
        assertThat(demand("/10.99.99.99"))
                .as("it may have come into being since")
                .isNotEmpty();
    }

    @Test
    void neverAnswersFromARemovedEntry() {
        demand("w");
        receive(Pushes.addresses("1", Pushes.workload("w")));
        receive(Pushes.removal("2", "w"));
        assertThat(mesh.snapshot().workloadByUid("w")).isNull();

        assertThat(demand("w")).isNotEmpty();
        assertThat(heard).hasSize(1);
        receive(Pushes.addresses("3", Pushes.workload("w")));
        assertThat(heard).hasSize(2);
    }

    @Test
    void aRejectedResourceIsAnAnswerToo() {
        demand("bad");
        receive(Pushes.addresses("1", Pushes.unusable("bad")));
        assertThat(heard).containsExactly("bad");
        assertThat(mesh.snapshot().workloads()).isEmpty();
    }

    @Test
    void repeatsWhatIsHeldAndWhatIsWaitedForOnANewStream() {
        receive(Pushes.addresses("1", Pushes.workload("held")));
        demand("waited");

        DeltaDiscoveryRequest again = protocol.initialRequests().getFirst();

        assertThat(again.getInitialResourceVersionsMap()).isEqualTo(Map.of("held", "v1", "waited", ""));
        receive(Pushes.removal("2", "waited"));
        assertThat(heard).containsExactly("waited");
    }

    @Test
    void subscribesToWhatDoesNotFitIntoTheFirstRequest() {
        String long1 = "x".repeat(1_000);
        Resource[] many = IntStream.range(0, 10_000)
                .mapToObj(i -> Pushes.workload(long1 + i))
                .toArray(Resource[]::new);
        receive(Pushes.addresses("1", many));

        List<DeltaDiscoveryRequest> requests = protocol.initialRequests();

        assertThat(requests)
                .hasSizeGreaterThan(3)
                .allSatisfy(request -> assertThat(request.getSerializedSize()).isLessThan(4 * 1024 * 1024));
        long named = requests.getFirst().getInitialResourceVersionsCount()
                + requests.stream()
                        .skip(2)
                        .mapToLong(DeltaDiscoveryRequest::getResourceNamesSubscribeCount)
                        .sum();
        assertThat(named).isEqualTo(10_000);
        receive(Pushes.addresses("2", many[0]));
        assertThat(mesh.snapshot().workloads()).as("no answer is the whole").hasSize(10_000);
    }

    @Test
    void refusesMoreThanCanWait() {
        for (int i = 0; i < Demands.PENDING_MAX; i++) {
            assertThat(demand("k" + i)).isNotEmpty();
        }
        assertThat(demand("one more")).isEmpty();
        assertThat(demand("k7")).as("waits with another").isEmpty();
        assertThat(heard).containsExactly("refused one more");
    }

    @Test
    void whoFollowsEverythingIsAnsweredAtOnce() {
        DeltaProtocol wildcard = new DeltaProtocol(Recorded.node().node(), mesh, AdsCounters.none());
        assertThat(wildcard.demand("w", new OnDemand.Listener() {
                    @Override
                    public void answered() {
                        heard.add("at once");
                    }

                    @Override
                    public void refused() {}
                }))
                .isEmpty();
        assertThat(heard).containsExactly("at once");
    }
}
