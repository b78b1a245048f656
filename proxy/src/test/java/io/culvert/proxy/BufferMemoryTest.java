package io.culvert.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;

final class BufferMemoryTest {
    private static final long MIB = 1 << 20;

    private static long mib(Optional<Long> set, int loops) {
        return BufferMemory.bytes(set, loops, 256 * MIB, 512 * MIB) / MIB;
    }

    @Test
    void isHalfOfTheHeapAndEnoughForEachLoop() {
        assertThat(mib(Optional.empty(), 2)).isEqualTo(128);
        assertThat(mib(Optional.empty(), 16)).isEqualTo(256);
    }

    @Test
    void isWhatIsSet() {
        assertThat(mib(Optional.of(400L), 2)).isEqualTo(400);
    }

    @Test
    void isRefusedWhereItIsTooLittleOrMoreThanTheJvmMayHave() {
        assertThatThrownBy(() -> mib(Optional.of(20L), 2))
                .hasMessage("invalid env var CULVERT_BUFFER_MEMORY_MIB=20 (2 data loops need 32 at least)");
        assertThatThrownBy(() -> mib(Optional.of(600L), 2))
                .hasMessageContaining("CULVERT_BUFFER_MEMORY_MIB=600")
                .hasMessageContaining("the JVM may have 512 outside of its heap: set -XX:MaxDirectMemorySize");
    }
}
