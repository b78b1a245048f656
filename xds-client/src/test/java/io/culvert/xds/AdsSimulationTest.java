package io.culvert.xds;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.xds.mesh.MeshState;
import io.culvert.xds.snapshot.StateKeeper;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The client against a server and a network that do everything wrong, in simulated time: after each step its state is
 * what was delivered, and in the end what the server has. Each run follows from its seed; a failure says how to replay
 * it. More runs: {@code -Dculvert.simulation.runs=100000}.
 */
final class AdsSimulationTest {
    private static final String SEED = "culvert.simulation.seed";
    private static final String RUNS = "culvert.simulation.runs";
    private static final int STEPS = 120;
    private static final int NAMES = 40;
    /** Long enough for the longest wait of the client and the slowest answer of the server. */
    private static final Duration SETTLING = Duration.ofHours(12);

    static LongStream seeds() {
        String one = System.getProperty(SEED);
        return one != null ? LongStream.of(Long.parseLong(one)) : LongStream.range(0, Long.getLong(RUNS, 150));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void holdsWhatWasDeliveredAndInTheEndWhatTheServerHas(long seed) {
        Run run = new Run(seed);
        try {
            run.everything();
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(
                    "seed " + seed + ", step " + run.step + "; replay: mvn -o verify -pl xds-client -am"
                            + " -Dtest=AdsSimulationTest -Dsurefire.failIfNoSpecifiedTests=false -D" + SEED + "="
                            + seed,
                    e);
        }
    }

    private static final class Run {
        private final SplittableRandom random;
        private final SimulatedLoop loop = new SimulatedLoop();
        private final SimulatedServer server = new SimulatedServer();
        private final DeliveredState delivered = new DeliveredState();
        private final MeshState mesh = new MeshState("");
        private final SimulatedWire wire;
        private final AdsClient client;
        private final boolean onDemand;
        private final int nameLength;
        private final Set<String> everDemanded = new HashSet<>();
        private int synced;
        private int step;

        Run(long seed) {
            random = new SplittableRandom(seed);
            onDemand = random.nextInt(4) == 0;
            // In some runs the names are too long for one request, in others only for this server.
            nameLength = random.nextInt(3) == 0 ? 10_000 : 10;
            int requestBytesMax = random.nextInt(3) == 0 ? 150_000 : 4 * 1024 * 1024;
            wire = new SimulatedWire(loop, server, delivered, random.split(), requestBytesMax);
            var subscription = onDemand ? DeltaProtocol.Subscription.ON_DEMAND : DeltaProtocol.Subscription.WILDCARD;
            var protocol =
                    new DeltaProtocol(Recorded.node().node(), mesh, AdsCounters.none(), subscription, StateKeeper.NONE);
            client = new AdsClient(wire, protocol, loop, AdsCounters.none(), () -> synced++);
        }

        void everything() {
            for (int i = 0; i < random.nextInt(NAMES); i++) {
                change();
            }
            loop.execute(client::connect);
            for (step = 0; step < STEPS; step++) {
                loop.execute(this::something);
                loop.advance(Duration.ofMillis(random.nextInt(random.nextInt(10) == 0 ? 600_000 : 5_000)));
                delivered.compare(mesh.snapshot());
            }
            settle();
        }

        private void something() {
            switch (random.nextInt(16)) {
                case 0 -> wire.disconnect();
                case 1 -> wire.unreachable(random.nextBoolean());
                case 2 -> wire.slow(random.nextInt(4) == 0);
                case 3 -> server.upgrade();
                case 4 -> loop.jump(Duration.ofDays(random.nextInt(-30, 30)));
                case 5, 6 -> demand();
                default -> {
                    change();
                    if (random.nextBoolean()) {
                        wire.push();
                    }
                }
            }
        }

        private void change() {
            ResourceType type = random.nextInt(4) == 0 ? ResourceType.AUTHORIZATION : ResourceType.ADDRESS;
            String name = name(type);
            if (random.nextInt(4) == 0) {
                server.remove(type, name);
            } else {
                server.put(type, name, random.nextInt(8) != 0);
            }
        }

        private String name(ResourceType type) {
            int number = random.nextInt(NAMES);
            boolean hasNamespace = type == ResourceType.AUTHORIZATION || number % 3 == 0;
            return (hasNamespace ? "ns/" : "") + "n".repeat(nameLength) + number;
        }

        private void demand() {
            if (!onDemand) {
                return;
            }
            String key = name(ResourceType.ADDRESS);
            everDemanded.add(key);
            client.demand(key, new OnDemand.Listener() {
                @Override
                public void answered() {
                    delivered.demanded.remove(key);
                }

                @Override
                public void refused() {
                    throw new AssertionError("refused " + key);
                }
            });
            loop.execute(() -> delivered.demanded.add(key));
        }

        private void settle() {
            wire.heal();
            loop.advance(SETTLING);
            // The server thought that it had told what was lost; a new stream finds out.
            loop.execute(wire::disconnect);
            loop.advance(SETTLING);
            loop.execute(wire::push);
            loop.advance(SETTLING);
            delivered.compare(mesh.snapshot());
            delivered.converged(
                    server,
                    ResourceType.AUTHORIZATION,
                    server.truth(ResourceType.AUTHORIZATION).keySet());
            delivered.converged(
                    server,
                    ResourceType.ADDRESS,
                    onDemand ? Set.of() : server.truth(ResourceType.ADDRESS).keySet());
            assertThat(delivered.demanded).as("demands without an answer").isEmpty();
            assertThat(client.status().connection()).isEqualTo(AdsStatus.Connection.CONNECTED);
            assertThat(synced).isLessThanOrEqualTo(1);
        }
    }
}
