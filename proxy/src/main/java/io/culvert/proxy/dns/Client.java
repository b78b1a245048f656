package io.culvert.proxy.dns;

import io.culvert.proxy.relay.UdpListener;
import java.net.InetSocketAddress;

/** Who asked, and the way back. */
interface Client {

    Protocol protocol();

    /** One answer; a client that is gone gets none. */
    void send(byte[] answer);

    /** How a question came. */
    enum Protocol {
        UDP("udp"),
        TCP("tcp");

        private final String label;

        Protocol(String label) {
            this.label = label;
        }

        /** For metrics. */
        String label() {
            return label;
        }

        int answerBytesMax(DnsQuery query) {
            return switch (this) {
                case UDP -> query.edns().udpBytesMax();
                case TCP -> Wire.MESSAGE_BYTES_MAX;
            };
        }
    }

    /** A datagram's sender. */
    record OverUdp(UdpListener listener, InetSocketAddress from) implements Client {
        @Override
        public Protocol protocol() {
            return Protocol.UDP;
        }

        @Override
        public void send(byte[] answer) {
            listener.send(answer, from);
        }
    }
}
