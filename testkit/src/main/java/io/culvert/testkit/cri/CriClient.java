package io.culvert.testkit.cri;

import com.google.protobuf.UnknownFieldSet;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What a kubelet asks of a container runtime, by CRI (runtime.v1) over its Unix socket. Any thread. */
public final class CriClient implements AutoCloseable {
    /** Of a call; making a sandbox waits for CNI plugins, of which ours alone may take six seconds. */
    private static final long CALL_SECONDS_MAX = 60;

    private static final String SERVICE = "runtime.v1.RuntimeService";

    private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final ManagedChannel channel;
    private final String cgroup;

    /** @param cgroup below which the pods' cgroups are made, one path segment */
    CriClient(Path socket, String cgroup) {
        this.cgroup = cgroup;
        this.channel = NettyChannelBuilder.forAddress(new DomainSocketAddress(socket.toString()))
                .eventLoopGroup(loop)
                .channelType(EpollDomainSocketChannel.class)
                // A path is no authority that containerd's HTTP/2 takes.
                .overrideAuthority("localhost")
                .usePlaintext()
                .build();
    }

    /** A pod as a kubelet names it; the attempt is one more after each sandbox that failed. */
    public record SandboxName(String namespace, String name, String uid, int attempt) {
        /** For the next try. */
        public SandboxName again() {
            return new SandboxName(namespace, name, uid, attempt + 1);
        }
    }

    /** Whether the runtime and its network are ready; an empty text, or what is not. */
    String notReady() throws IOException {
        UnknownFieldSet answer = call("Status", new CriFields());
        StringBuilder missing = new StringBuilder();
        for (UnknownFieldSet status : CriFields.messages(answer, 1)) {
            for (UnknownFieldSet condition : CriFields.messages(status, 1)) {
                if (!condition.getField(2).getVarintList().contains(1L)) {
                    missing.append(CriFields.text(condition, 1))
                            .append(": ")
                            .append(CriFields.text(condition, 4))
                            .append(' ');
                }
            }
        }
        return missing.toString();
    }

    /**
     * Makes a pod's sandbox: namespaces, network by CNI, pause container.
     *
     * @return its id
     * @throws IOException where the runtime, or a CNI plugin, refuses; nothing of the sandbox is left then
     */
    public String runSandbox(SandboxName name) throws IOException {
        return CriFields.text(call("RunPodSandbox", new CriFields().message(1, config(name))), 1);
    }

    private CriFields config(SandboxName name) {
        CriFields metadata = new CriFields()
                .text(1, name.name())
                .text(2, name.uid())
                .text(3, name.namespace())
                .number(4, name.attempt());
        CriFields linux = new CriFields().text(1, "/" + cgroup + "/kubepods/burstable/pod" + name.uid());
        return new CriFields()
                .message(1, metadata)
                .text(2, name.name())
                .text(3, logDirectory().toString())
                .message(8, linux);
    }

    private Path logDirectory() {
        return Path.of("/");
    }

    /** The first address of a sandbox. */
    public String address(String sandbox) throws IOException {
        UnknownFieldSet answer = call("PodSandboxStatus", new CriFields().text(1, sandbox));
        return CriFields.messages(answer, 1).stream()
                .flatMap(status -> CriFields.messages(status, 5).stream())
                .map(network -> CriFields.text(network, 1))
                .findFirst()
                .orElse("");
    }

    /** The ids of all sandboxes that there are. */
    public List<String> sandboxes() throws IOException {
        return CriFields.messages(call("ListPodSandbox", new CriFields()), 1).stream()
                .map(item -> CriFields.text(item, 1))
                .toList();
    }

    /**
     * Starts a container in a sandbox.
     *
     * @param log where its output goes, in the runtime's own format
     */
    public void start(String sandbox, SandboxName pod, String image, List<String> command, Path log)
            throws IOException {
        CriFields container = new CriFields()
                .message(1, new CriFields().text(1, "main"))
                .message(2, new CriFields().text(1, image))
                .texts(3, command)
                .text(11, logDirectory().relativize(log).toString());
        CriFields request =
                new CriFields().text(1, sandbox).message(2, container).message(3, config(pod));
        String id = CriFields.text(call("CreateContainer", request), 1);
        UnknownFieldSet _ = call("StartContainer", new CriFields().text(1, id));
    }

    /** Kills what runs in a sandbox, and removes it. */
    public void remove(String sandbox) throws IOException {
        UnknownFieldSet _ = call("StopPodSandbox", new CriFields().text(1, sandbox));
        UnknownFieldSet _ = call("RemovePodSandbox", new CriFields().text(1, sandbox));
    }

    private UnknownFieldSet call(String method, CriFields request) throws IOException {
        MethodDescriptor<UnknownFieldSet, UnknownFieldSet> descriptor =
                MethodDescriptor.<UnknownFieldSet, UnknownFieldSet>newBuilder()
                        .setType(MethodDescriptor.MethodType.UNARY)
                        .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, method))
                        .setRequestMarshaller(new Fields())
                        .setResponseMarshaller(new Fields())
                        .build();
        try {
            return ClientCalls.blockingUnaryCall(
                    channel,
                    descriptor,
                    CallOptions.DEFAULT
                            .withDeadlineAfter(CALL_SECONDS_MAX, TimeUnit.SECONDS)
                            .withWaitForReady(),
                    request.build());
        } catch (StatusRuntimeException e) {
            throw new IOException(method + ": " + e.getStatus(), e);
        }
    }

    /** Any message, as its fields. */
    private static final class Fields implements MethodDescriptor.Marshaller<UnknownFieldSet> {
        @Override
        public InputStream stream(UnknownFieldSet value) {
            return value.toByteString().newInput();
        }

        @Override
        public UnknownFieldSet parse(InputStream stream) {
            try {
                return UnknownFieldSet.parseFrom(stream);
            } catch (IOException e) {
                throw new IllegalArgumentException("no protobuf message", e);
            }
        }
    }

    @Override
    public void close() {
        channel.shutdownNow();
        var _ = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
}
