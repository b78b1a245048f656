package io.culvert.proxy;

import io.culvert.proxy.relay.DataLoops;
import io.culvert.proxy.telemetry.metrics.Exposition;
import io.culvert.proxy.telemetry.metrics.MetricSource;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;

/**
 * Memory outside of the Java heap: the data loops' buffers, and what Netty holds for everything else (admin, control
 * plane). A node at rest holds a few per loop, however many pods it has; what grows with time is a leak, and what grows
 * with the number of connections are slow readers.
 *
 * @param loops may be ended while this is read
 */
record BufferMetrics(DataLoops loops) implements MetricSource {
    @Override
    public void write(Exposition out) {
        out.family("culvert_buffers", "gauge", "Native buffers that data loops and connections hold (unstable).");
        out.sample("culvert_buffers", "", loops.buffersOutstanding());
        out.family("culvert_buffer_bytes", "gauge", "Bytes of those buffers (unstable).", "bytes");
        out.sample("culvert_buffer_bytes", "", loops.bufferBytesOutstanding());
        out.family(
                "culvert_connections_ended_for_memory",
                "counter",
                "Connections with slow readers that were ended because buffers ran short (unstable).");
        out.sample("culvert_connections_ended_for_memory_total", "", loops.endedForMemory());
        if (ByteBufAllocator.DEFAULT instanceof ByteBufAllocatorMetricProvider netty) {
            out.family(
                    "culvert_netty_direct_bytes",
                    "gauge",
                    "Direct memory that Netty's allocator holds (unstable).",
                    "bytes");
            out.sample("culvert_netty_direct_bytes", "", netty.metric().usedDirectMemory());
        }
    }
}
