package io.culvert.proxy.relay;

import static io.culvert.proxy.relay.LoopsForTests.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Native memory refuses what would be somebody else's. */
@Tag("loop")
final class RawBufferTest {
    private final LoopsForTests loops = new LoopsForTests(1);
    private final DataLoop loop = loops.get(0);

    @AfterEach
    void close() {
        loops.awaitNothingLeft(0);
        loops.close();
    }

    @Test
    void refusesPlacesOutsideItself() {
        run(loop, () -> {
            RawBuffer buffer = loop.buffers().chunk();
            int end = buffer.capacity();
            assertThatThrownBy(() -> buffer.getByte(end)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> buffer.getByte(-1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> buffer.putInt(end - 3, 0)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> buffer.putLong(end - 7, 0)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> buffer.wipe(end - 1, 2)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> buffer.encrypt(0, end, 1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> buffer.decrypt(0, -1, 1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> buffer.lendToBioForReading(0, 1, end))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> buffer.lendToBioForWriting(0, 0, -1))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> buffer.putIoVec(0, buffer, end, 1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> buffer.putIoVec(end / 16, buffer, 0, 1))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> buffer.copyTo(0, buffer, end - 1, 2))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            buffer.release();
        });
    }

    @Test
    void refusesUseAfterRelease() {
        run(loop, () -> {
            RawBuffer buffer = loop.buffers().chunk();
            buffer.retain();
            buffer.release();
            buffer.putInt(0, 0x01020304);
            assertThat(buffer.getByte(3)).isEqualTo(4);
            buffer.release();
            assertThatThrownBy(() -> buffer.getInt(0)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> buffer.encrypt(0, 0, 1)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(buffer::retain).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(buffer::release).isInstanceOf(IllegalStateException.class);
        });
    }

    @Test
    void refusesOtherThreads() {
        RawBuffer[] buffer = new RawBuffer[1];
        run(loop, () -> buffer[0] = loop.buffers().chunk());
        assertThatThrownBy(() -> buffer[0].getInt(0)).isInstanceOf(WrongThreadException.class);
        assertThatThrownBy(() -> loop.schedule(() -> {}, 1)).isInstanceOf(IllegalStateException.class);
        run(loop, buffer[0]::release);
    }

    @Test
    void givesBackWhatIsBeyondItsStock() {
        run(loop, () -> {
            RawBuffer[] many = new RawBuffer[100];
            for (int i = 0; i < many.length; i++) {
                many[i] = loop.buffers().large();
            }
            assertThat(loop.buffersInUse()).isEqualTo(100);
            for (RawBuffer buffer : many) {
                buffer.release();
            }
            assertThat(loop.buffersInUse()).isZero();
            assertThat(loop.buffers().outstandingBytes()).isZero();
        });
    }

    @Test
    void queueKeepsBytesInOrderWhetherCopiedOrRetained() {
        run(loop, () -> {
            SliceQueue queue = new SliceQueue(loop.buffers());
            RawBuffer source = loop.buffers().large();
            int at = 0;
            for (int size : new int[] {1, 10, 40_000, 200_000, 3, 150_000, 70_000}) {
                for (int i = 0; i < size; i++) {
                    source.putByte(at + i, (at + i) * 31);
                }
                queue.append(source, at, size);
                at += size;
            }
            int total = at;
            source.release();
            assertThat(queue.bytes()).isEqualTo(total);
            int[] next = {0};
            queue.drainTo((buffer, from, bytes) -> {
                for (int i = 0; i < bytes; i++, next[0]++) {
                    assertThat(buffer.getByte(from + i)).isEqualTo((next[0] * 31) & 0xff);
                }
            });
            assertThat(next[0]).isEqualTo(total);
            assertThat(queue.isEmpty()).isTrue();
            assertThat(queue.discard()).isZero();
        });
    }

    @Test
    void queuePinsFewTimesWhatItHolds() {
        run(loop, () -> {
            SliceQueue queue = new SliceQueue(loop.buffers());
            for (int i = 0; i < 1_000; i++) {
                RawBuffer source = loop.buffers().large();
                queue.append(source, 0, 1_000);
                source.release();
            }
            assertThat(queue.bytes()).isEqualTo(1_000_000);
            assertThat(loop.buffers().outstandingBytes()).isLessThan(4_000_000);
            assertThat(queue.discard()).isEqualTo(1_000_000);
        });
    }
}
