package io.culvert.testkit.controlplane;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.grpc.MethodDescriptor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** What goes out on a discovery stream: a response, or bytes that only look like one from afar. */
sealed interface Outgoing {
    /** Turns it into the bytes of one gRPC message; nothing is ever read back. */
    MethodDescriptor.Marshaller<Outgoing> MARSHALLER = new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(Outgoing value) {
            return new ByteArrayInputStream(
                    switch (value) {
                        case Response response -> response.message().toByteArray();
                        case Bytes raw -> raw.content();
                    });
        }

        @Override
        public Outgoing parse(InputStream stream) {
            throw new UnsupportedOperationException("a server reads no responses");
        }
    };

    /** A message of the protocol. */
    record Response(DeltaDiscoveryResponse message) implements Outgoing {}

    /** Anything. */
    final class Bytes implements Outgoing {
        /** An end-group tag that nobody opened, which no parser takes. */
        private static final byte[] GARBAGE = {(byte) 0x0c, (byte) 0xff, (byte) 0xff};

        private static final int UNKNOWN_FIELD = 1000;

        private final byte[] content;

        private Bytes(byte[] content) {
            this.content = content;
        }

        static Bytes garbage() {
            return new Bytes(GARBAGE.clone());
        }

        /** With an unknown field that fills the message: what a newer server might send. */
        static Bytes oversized(DeltaDiscoveryResponse response, int bytes) {
            int tag = CodedOutputStream.computeTagSize(UNKNOWN_FIELD);
            int head = response.getSerializedSize() + tag + CodedOutputStream.computeUInt32SizeNoTag(bytes);
            int length = Math.max(0, bytes - head);
            int size = head
                    - CodedOutputStream.computeUInt32SizeNoTag(bytes)
                    + CodedOutputStream.computeUInt32SizeNoTag(length)
                    + length;
            byte[] content = new byte[size];
            CodedOutputStream out = CodedOutputStream.newInstance(content);
            try {
                response.writeTo(out);
                out.writeTag(UNKNOWN_FIELD, WireFormat.WIRETYPE_LENGTH_DELIMITED);
                out.writeUInt32NoTag(length);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return new Bytes(content);
        }

        byte[] content() {
            return content;
        }
    }
}
