package io.culvert.xds;

import io.culvert.proto.discovery.AggregatedDiscoveryServiceGrpc;
import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.xds.channel.ControlLoop;
import io.culvert.xds.channel.ControlPlaneEndpoint;
import io.culvert.xds.channel.Failures;
import io.culvert.xds.channel.GrpcTransport;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Objects;

/**
 * Streams over gRPC. Each has a channel of its own, so that roots are read anew and gRPC's own waiting between
 * connection attempts never adds to ours.
 */
final class GrpcAdsTransport implements AdsTransport {
    private static final String TOO_LONG = "gRPC message exceeds maximum size";
    private static final String TOO_LONG_REMEDY =
            "; half of the heap and at most 200 MiB are taken, see CULVERT_PROXY_JAVA_OPTS for a larger heap";

    private static final MethodDescriptor<DeltaDiscoveryRequest, Push> METHOD =
            method(AggregatedDiscoveryServiceGrpc.getDeltaAggregatedResourcesMethod());

    private final GrpcTransport grpc;
    private final ControlPlaneEndpoint endpoint;
    private final ControlLoop control;

    GrpcAdsTransport(GrpcTransport grpc, ControlPlaneEndpoint endpoint, ControlLoop control) {
        this.grpc = grpc;
        this.endpoint = endpoint;
        this.control = control;
    }

    @Override
    public AdsStream open(AdsListener listener) {
        try {
            Metadata headers = GrpcTransport.headers(endpoint);
            return new GrpcStream(grpc.open(endpoint, endpoint.roots().read()), headers, listener);
        } catch (IOException e) {
            String reason = String.valueOf(e.getMessage());
            control.execute(() -> listener.ended(new StreamEnd.Failed(Status.Code.UNAUTHENTICATED, reason)));
            return new NoStream();
        }
    }

    /** The generated one, but for a response that is not parsed as a whole. */
    private static MethodDescriptor<DeltaDiscoveryRequest, Push> method(
            MethodDescriptor<DeltaDiscoveryRequest, DeltaDiscoveryResponse> generated) {
        return generated.toBuilder(generated.getRequestMarshaller(), new PushMarshaller())
                .build();
    }

    private static final class PushMarshaller implements MethodDescriptor.Marshaller<Push> {
        @Override
        public InputStream stream(Push push) {
            throw new UnsupportedOperationException("a client sends none");
        }

        @Override
        public Push parse(InputStream message) {
            try {
                return Push.read(message);
            } catch (UnreadableResponse e) {
                throw Status.INTERNAL
                        .withDescription(e.getMessage())
                        .withCause(e)
                        .asRuntimeException();
            }
        }
    }

    /** One that never came about. */
    private static final class NoStream implements AdsStream {
        @Override
        public void send(DeltaDiscoveryRequest request) {}

        @Override
        public void cancel() {}
    }

    private final class GrpcStream extends ClientCall.Listener<Push> implements AdsStream {
        private final ManagedChannel channel;
        private final ClientCall<DeltaDiscoveryRequest, Push> call;
        private final AdsListener listener;
        private boolean connected;
        private boolean answered;
        private boolean cancelled;

        GrpcStream(ManagedChannel channel, Metadata headers, AdsListener listener) {
            this.channel = channel;
            this.listener = listener;
            call = channel.newCall(METHOD, CallOptions.DEFAULT);
            call.start(this, headers);
            call.request(1);
        }

        @Override
        public void send(DeltaDiscoveryRequest request) {
            call.sendMessage(request);
        }

        @Override
        public void cancel() {
            cancelled = true;
            call.cancel("no longer needed", null);
            channel.shutdownNow();
        }

        @Override
        public void onReady() {
            reached();
        }

        private void reached() {
            if (!connected && !cancelled) {
                connected = true;
                listener.connected(server());
            }
        }

        private String server() {
            SocketAddress address = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
            return address instanceof InetSocketAddress inet
                    ? NetUtil.toSocketAddressString(inet)
                    : Objects.toString(address, "");
        }

        @Override
        public void onHeaders(Metadata headers) {
            answered = true;
            reached();
        }

        /** One at a time: the next is taken off the wire when this one has been applied, and gRPC takes it back. */
        @Override
        public void onMessage(Push push) {
            if (!cancelled) {
                listener.received(push);
                call.request(1);
            }
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            channel.shutdownNow();
            if (!cancelled) {
                listener.ended(end(status));
            }
        }

        private StreamEnd end(Status closed) {
            if (closed.isOk()) {
                return new StreamEnd.Completed();
            }
            Status status = remedied(unwrapped(closed));
            return answered
                    ? new StreamEnd.Failed(status.getCode(), Failures.describe(status, endpoint.token()))
                    : new StreamEnd.NotConnected(Failures.describe(status, endpoint.token()));
        }

        /** Our own limit of a message is told by gRPC, which does not know where it comes from. */
        private static Status remedied(Status status) {
            String said = status.getDescription();
            return said != null && said.contains(TOO_LONG) ? status.withDescription(said + TOO_LONG_REMEDY) : status;
        }

        /**
         * gRPC reports bytes that are no message as CANCELLED, which is what a server says that wants another
         * connection; a server that sends nothing else would be called a hundred times a second.
         */
        private static Status unwrapped(Status status) {
            return status.getCode() == Status.Code.CANCELLED
                            && status.getCause() instanceof StatusRuntimeException unreadable
                    ? unreadable.getStatus()
                    : status;
        }
    }
}
