package io.culvert.proxy.dns;

import io.culvert.proxy.outcome.ProxyError;
import io.culvert.proxy.pod.PodMember;
import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.Listener;
import io.culvert.proxy.relay.LoopSocket;
import io.culvert.proxy.relay.UdpListener;
import io.culvert.proxy.routing.LocalWorkloads;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.Workload;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The DNS proxy of one pod, on one loop.
 *
 * <pre>
 *   question -> own workload known? -> (5 s) -> mesh: answer -------------------------> client
 *                                \-> SERVFAIL    \-> not the mesh's: Forward -> answer -> client
 *                                                                        \-> SERVFAIL -> client
 * </pre>
 *
 * <p>What a pod can hold is bounded: {@value #WAITING_MAX} questions that wait for a resolver or for the control plane,
 * each with a socket or three, and {@value #CONNECTIONS_MAX} connections. What is beyond is refused, counted, and said
 * once a minute; other pods have bounds of their own.
 */
final class DnsServer implements PodMember {

    private static final Logger log = LoggerFactory.getLogger(DnsServer.class);

    /** More than a busy pod has open with a resolver that answers within a tenth of a second, at 2,000 a second. */
    static final int WAITING_MAX = 256;

    /** Connections are for long answers, and short: TcpClient ends those that rest. */
    static final int CONNECTIONS_MAX = 64;

    /** A question has a name of at most 255 bytes, and an OPT record with perhaps a cookie and padding. */
    static final int QUERY_BYTES_MAX = 4_096;

    private static final long WARN_EVERY_NANOS = 60_000_000_000L;

    private final AskingPod pod;
    private final DataLoop loop;
    private final RandomGenerator random;
    private final DnsService service;
    private final ResolvConf resolvers;
    private final Consumer<DnsServer> whenEnded;
    private final List<UdpListener> udp = new ArrayList<>(2);
    private final List<Listener> tcp = new ArrayList<>(2);
    private final Set<Waiting> waiting = Collections.newSetFromMap(new IdentityHashMap<>(0));
    private final Set<TcpClient> connections = Collections.newSetFromMap(new IdentityHashMap<>(0));
    private boolean warned;
    private long warnedAt;
    private boolean ending;

    /**
     * Not serving yet.
     *
     * @param random for the order of addresses; the loop's own
     * @param whenEnded called once or more when nothing is left of it, after {@link #drain} or {@link #stop}
     */
    DnsServer(
            AskingPod pod,
            DataLoop loop,
            RandomGenerator random,
            DnsService service,
            ResolvConf resolvers,
            Consumer<DnsServer> whenEnded) {
        this.pod = pod;
        this.loop = loop;
        this.random = random;
        this.service = service;
        this.resolvers = resolvers;
        this.whenEnded = whenEnded;
    }

    /** Serves the listeners, which it owns from here on; on the loop. */
    void begin(DnsListeners listeners) {
        loop.checkOwner();
        for (int fd : listeners.releaseTcp()) {
            tcp.add(Listener.start(loop, List.of(loop), fd, (socket, peer) -> accept(socket)));
        }
        for (int fd : listeners.releaseUdp()) {
            udp.add(UdpListener.start(loop, fd, QUERY_BYTES_MAX, new Datagrams(udp.size())));
        }
    }

    /** One UDP listener's handler: answers leave by the socket that the question came by. */
    private final class Datagrams implements UdpListener.DatagramHandler {
        private final int index;

        Datagrams(int index) {
            this.index = index;
        }

        @Override
        public void onDatagram(byte[] bytes, boolean whole, InetSocketAddress from) {
            if (whole) {
                take(bytes, new Client.OverUdp(udp.get(index), from));
            } else {
                service.metrics().refused(DnsMetrics.Refused.TOO_LONG);
            }
        }
    }

    private void accept(LoopSocket socket) {
        if (ending) {
            socket.reset();
        } else if (connections.size() >= CONNECTIONS_MAX) {
            refuse(DnsMetrics.Refused.CONNECTIONS);
            socket.reset();
        } else {
            connections.add(TcpClient.begin(this, socket));
        }
    }

    void left(TcpClient client) {
        connections.remove(client);
        settle();
    }

    /** A message of whatever origin. */
    void take(byte[] message, Client client) {
        switch (Incoming.read(message)) {
            case Incoming.Question question -> ask(question.query(), client);
            case Incoming.Unusable unusable -> {
                service.metrics().refused(DnsMetrics.Refused.MALFORMED);
                client.send(AnswerWriter.refusal(unusable));
            }
            case Incoming.NotAnswerable ignored -> {
                service.metrics().refused(DnsMetrics.Refused.NOT_A_QUERY);
                if (client instanceof TcpClient connection) {
                    connection.answered();
                }
            }
        }
    }

    private void ask(DnsQuery query, Client client) {
        LocalWorkloads workloads = pod.localWorkloads();
        Workload known = workloads.known(pod.workload());
        if (known != null) {
            answer(known, query, client);
            return;
        }
        Waiting wait = new Waiting(query, client);
        if (wait.begins()) {
            workloads.find(pod.workload(), loop.executor(), wait);
        }
    }

    private void answer(Workload asking, DnsQuery query, Client client) {
        // The types that the mesh answers exist in the Internet's class alone.
        MeshAnswer answer = query.internet()
                ? service.names().answer(pod.mesh().snapshot(), asking, query.name(), query.type())
                : new MeshAnswer.Forwarded();
        switch (answer) {
            case MeshAnswer.Forwarded ignored -> {
                Waiting wait = new Waiting(query, client);
                if (wait.begins()) {
                    wait.forward(asking);
                }
            }
            case MeshAnswer.Nothing nothing -> ofMesh(asking, query, client, List.of(), 0, nothing.why(), 0);
            case MeshAnswer.Addresses found -> ofMesh(asking, query, client, found.addresses(), 0, "success", 0);
            case MeshAnswer.Aliased found ->
                ofMesh(asking, query, client, found.addresses(), found.labelsKept(), "success", 1);
        }
    }

    /** Answers; the log counts records as the original does, before the addresses. */
    private void ofMesh(
            Workload asking,
            DnsQuery query,
            Client client,
            List<IpAddress> addresses,
            int labelsKept,
            String result,
            int logged) {
        service.metrics().asked(query.type(), client.protocol(), asking, loop.nanoTime());
        QueryLog.write(asking, query, result, logged);
        List<IpAddress> shuffled = new ArrayList<>(addresses);
        for (int i = shuffled.size() - 1; i > 0; i--) {
            Collections.swap(shuffled, i, random.nextInt(i + 1));
        }
        int bytesMax = client.protocol().answerBytesMax(query);
        client.send(AnswerWriter.ofMesh(query, shuffled, labelsKept, bytesMax));
    }

    private void refuse(DnsMetrics.Refused why) {
        service.metrics().refused(why);
        long now = loop.nanoTime();
        if (!warned || now - warnedAt > WARN_EVERY_NANOS) {
            warned = true;
            warnedAt = now;
            log.atWarn().addKeyValue("wl", pod.workload().toString()).log("DNS of this pod is refused: {}", why.text());
        }
    }

    /**
     * Ends as soon as no question waits. Until then datagrams are taken: answers have to leave by the socket that they
     * would come to, and those of another generation of the process would be lost in it.
     */
    @Override
    public void drain() {
        ending = true;
        tcp.forEach(Listener::close);
        List.copyOf(connections).forEach(TcpClient::finish);
        settle();
    }

    @Override
    public void stop(EndReason reason) {
        ending = true;
        tcp.forEach(Listener::close);
        List.copyOf(waiting).forEach(Waiting::cancel);
        waiting.clear();
        List.copyOf(connections).forEach(TcpClient::close);
        settle();
    }

    private void settle() {
        if (ending && waiting.isEmpty() && connections.isEmpty()) {
            udp.forEach(UdpListener::close);
            whenEnded.accept(this);
        }
    }

    /** A question that cannot be answered at once. */
    private final class Waiting implements LocalWorkloads.Listener, Forward.Listener {
        private final DnsQuery query;
        private final Client client;
        private @Nullable Forward forward;
        private @Nullable Workload asking;
        private long since;

        Waiting(DnsQuery query, Client client) {
            this.query = query;
            this.client = client;
        }

        /** False if too many wait already; the client has been told. */
        boolean begins() {
            if (waiting.size() >= WAITING_MAX) {
                refuse(DnsMetrics.Refused.QUESTIONS);
                client.send(AnswerWriter.failure(query, Wire.SERVER_FAILURE));
                return false;
            }
            waiting.add(this);
            return true;
        }

        void cancel() {
            if (forward != null) {
                forward.cancel();
            }
        }

        /** False if the question was given up meanwhile. */
        private boolean ends() {
            return waiting.remove(this);
        }

        @Override
        public void found(Workload workload) {
            if (ends()) {
                answer(workload, query, client);
                settle();
            }
        }

        @Override
        public void failed(ProxyError unknown) {
            if (ends()) {
                service.metrics().asked(query.type(), client.protocol(), null, loop.nanoTime());
                log.debug("unknown source");
                client.send(AnswerWriter.failure(query, Wire.SERVER_FAILURE));
                settle();
            }
        }

        void forward(Workload workload) {
            asking = workload;
            since = loop.nanoTime();
            forward = Forward.start(
                    loop,
                    pod.sockets(),
                    resolvers,
                    query,
                    service.unpredictableId(),
                    client.protocol() == Client.Protocol.TCP,
                    this);
        }

        @Override
        public void answered(byte[] message) {
            if (ends()) {
                forwarded(false);
                QueryLog.write(asking, query, "forwarded", Wire.short16(message, 6));
                int bytesMax = client.protocol().answerBytesMax(query);
                client.send(ResolverAnswer.forClient(message, query, bytesMax));
                settle();
            }
        }

        @Override
        public void failed(String why) {
            if (ends()) {
                forwarded(true);
                QueryLog.write(asking, query, "forwarding failed (" + why + ")", 0);
                client.send(AnswerWriter.failure(query, Wire.SERVER_FAILURE));
                settle();
            }
        }

        private void forwarded(boolean failed) {
            long now = loop.nanoTime();
            service.metrics().forwarded(query.type(), client.protocol(), asking, failed, now - since, now);
        }
    }
}
