package io.culvert.proxy.relay;

import static io.culvert.proxy.relay.LoopsForTests.on;
import static io.culvert.proxy.relay.LoopsForTests.run;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class SparesTest {
    private final List<String> dropped = new ArrayList<>();
    private final Spares<String> spares = new Spares<>(3, dropped::add);

    @Test
    void keepsWhatIsInUseAndDropsWhatABurstLeft() {
        Stream.of("a", "b", "c", "d").forEach(spares::put);
        assertThat(dropped).containsExactly("d");
        spares.dropUnused();
        assertThat(spares.size()).isEqualTo(3);
        spares.put(String.valueOf(spares.take()));
        spares.dropUnused();
        assertThat(dropped).containsExactly("d", "a", "b");
        assertThat(spares.take()).isEqualTo("c");
        assertThat(spares.take()).isNull();
        spares.dropUnused();
        assertThat(dropped).hasSize(3);
    }

    @Test
    void dropsWhatNobodyUsesAfterOneWholePeriod() {
        spares.put("a");
        spares.dropUnused();
        assertThat(spares.size()).isEqualTo(1);
        spares.dropUnused();
        assertThat(spares.size()).isZero();
        assertThat(dropped).containsExactly("a");
    }

    /** What the loop does when its timer runs, here run by hand. */
    @Test
    @Tag("loop")
    void aLoopGivesTheBuffersAndPipesOfABurstBack() throws Exception {
        try (LoopsForTests loops = new LoopsForTests(1)) {
            DataLoop loop = loops.get(0);
            run(loop, () -> {
                Stream.generate(loop.buffers()::large).limit(6).toList().forEach(RawBuffer::release);
                Stream.generate(loop.buffers()::chunk).limit(20).toList().forEach(RawBuffer::release);
                Stream.generate(loop.pipes()::take)
                        .limit(3)
                        .toList()
                        .forEach(p -> loop.pipes().giveBack(p, true));
            });
            assertThat(on(loop, loop.buffers()::kept)).isEqualTo(26);
            assertThat(on(loop, loop.pipes()::kept)).isEqualTo(3);
            assertThat(on(loop, loop::waitingTimers)).isEqualTo(1);
            run(loop, loop::dropUnusedSpares);
            run(loop, loop::dropUnusedSpares);
            assertThat(on(loop, loop.buffers()::kept)).isZero();
            assertThat(on(loop, loop.pipes()::kept)).isZero();
        }
    }
}
