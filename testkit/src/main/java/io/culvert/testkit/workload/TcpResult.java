package io.culvert.testkit.workload;

import com.google.protobuf.ByteString;
import java.net.InetSocketAddress;

/** How a client's connection went, as an application in the pod sees it. */
public sealed interface TcpResult {
    /** The peer answered and ended its side (FIN), or everything asked for arrived. */
    record Answered(ByteString bytes, InetSocketAddress local) implements TcpResult {
        public String text() {
            return bytes.toStringUtf8();
        }

        @Override
        public String toString() {
            return "answered with " + bytes.size() + " bytes";
        }
    }

    /** Nothing listens there, or a gate on the way says so: RST in answer to SYN. */
    record Refused() implements TcpResult {}

    /** The connection was established and then reset; {@code received} bytes came before. */
    record Reset(long received) implements TcpResult {}

    /** The peer ended its side in order (FIN) without a byte of answer. */
    record ClosedEmpty() implements TcpResult {}

    /** No route, or the network said unreachable. */
    record Unreachable(String reason) implements TcpResult {}

    /** Nothing came within the limit; {@code connected} tells which wait it was. */
    record TimedOut(boolean connected, long received) implements TcpResult {}
}
