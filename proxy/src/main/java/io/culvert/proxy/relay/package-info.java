/**
 * Bytes between two ends: event loops over raw epoll sockets, and the relays that run on them.
 *
 * <p>{@link io.culvert.proxy.relay.DataLoop} is one thread, and owns its sockets, buffers, timers and everything that
 * hangs on them: no class of this package but {@link io.culvert.proxy.relay.DataLoops} may be used from another thread,
 * and no lock is taken. {@link io.culvert.proxy.relay.Listener} accepts, {@link io.culvert.proxy.relay.TcpDial}
 * connects, {@link io.culvert.proxy.relay.SocketRelay} joins two sockets, {@link io.culvert.proxy.relay.StreamRelay}
 * joins a socket and a tunnel stream.
 *
 * <p>Plain bulk stays in the kernel: {@link io.culvert.proxy.relay.SpliceQueue} moves it through a pipe of the loop's.
 * Native memory is touched through {@link io.culvert.proxy.relay.RawBuffer} only. Nothing here knows workloads,
 * policy or HTTP/2; nothing here blocks.
 */
@NullMarked
package io.culvert.proxy.relay;

import org.jspecify.annotations.NullMarked;
