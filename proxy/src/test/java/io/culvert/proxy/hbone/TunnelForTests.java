package io.culvert.proxy.hbone;

import io.culvert.linux.Fd;
import io.culvert.linux.SocketOptions;
import io.culvert.linux.Sockets;
import io.culvert.proxy.relay.ByteMeter;
import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.Listener;
import io.culvert.proxy.relay.LoopSocket;
import io.culvert.proxy.relay.LoopsForTests;
import io.culvert.proxy.relay.RelayEnd;
import io.culvert.proxy.relay.StreamRelay;
import io.culvert.proxy.relay.StreamRelay.Position;
import io.culvert.proxy.relay.TcpDial;
import io.culvert.proxy.tls.CaForTests;
import io.culvert.proxy.tls.Revocation;
import io.culvert.proxy.tls.TlsContexts;
import io.culvert.xds.channel.TlsProfile;
import io.culvert.xds.identity.Identity;
import io.culvert.xds.identity.WorkloadCertificate;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * Both ends of HBONE on the loopback, joined the way that outbound and inbound join them: a listener whose connections
 * go through a pool, and a server that dials the authority it is asked for.
 */
public final class TunnelForTests implements AutoCloseable {
    public static final Identity CLIENT = new Identity("cluster.local", "default", "client");
    public static final Identity SERVER = new Identity("cluster.local", "default", "server");

    public final LoopsForTests loops;
    public final DataLoop clientLoop;
    public final DataLoop serverLoop;
    public final Revocation clientRevocation = new Revocation();
    public final Revocation serverRevocation = new Revocation();
    public final TlsContexts clientTls;
    public final TlsContexts serverTls;
    public final CaForTests ca;
    public final HboneConfig config;

    /** What each relay ended with, and what could not be opened. */
    public final List<RelayEnd> clientEnds = Collections.synchronizedList(new ArrayList<>());

    public final List<RelayEnd> serverEnds = Collections.synchronizedList(new ArrayList<>());
    public final List<OpenFailure> failures = Collections.synchronizedList(new ArrayList<>());
    public final List<ConnectionEnd> serverConnectionEnds = Collections.synchronizedList(new ArrayList<>());
    public final List<HboneConnection> serverConnections = Collections.synchronizedList(new ArrayList<>());
    public final List<LoopSocket> serverSockets = Collections.synchronizedList(new ArrayList<>());
    public final List<StreamRelay> clientRelays = Collections.synchronizedList(new ArrayList<>());
    public final List<ConnectRequest> requests = Collections.synchronizedList(new ArrayList<>());
    public final List<ConnectResponse> responses = Collections.synchronizedList(new ArrayList<>());
    public final List<HboneStream> clientStreams = Collections.synchronizedList(new ArrayList<>());
    public final List<InnerTunnel> crossings = Collections.synchronizedList(new ArrayList<>());
    public final List<LoopSocket> clientSockets = Collections.synchronizedList(new ArrayList<>());
    public final AtomicInteger abandoned = new AtomicInteger();
    public final AtomicLong clientUp = new AtomicLong();
    public final AtomicLong clientDown = new AtomicLong();

    public volatile WorkloadCertificate clientCertificate;
    public volatile WorkloadCertificate serverCertificate;
    public volatile List<Identity> expected = List.of(SERVER);
    /** What the server does with a request: a status to refuse with, or 200 to dial. */
    public volatile Function<ConnectRequest, Integer> admission = request -> 200;

    /** Whether the server is asked to leave before its handshakes are done. */
    public volatile boolean drainsAtAccept;

    public final HbonePool pool;
    public final InetSocketAddress entry;
    public final InetSocketAddress serverAddress;
    /** Whose tunnels the next connections go by: our server's, unless a test has another. */
    public volatile InetSocketAddress destination;

    /** Where the next tunnels shall lead. */
    public volatile InetSocketAddress application = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);

    /** If present, the server is a gateway, and the tunnel to the application begins here, behind it. */
    public volatile Optional<InetSocketAddress> behindGateway = Optional.empty();

    public volatile List<Identity> expectedBehindGateway = List.of();

    private final Listener entryListener;
    private final Listener serverListener;

    public TunnelForTests() throws Exception {
        this(HboneConfig.defaults());
    }

    public TunnelForTests(HboneConfig config) throws Exception {
        this(config, Long.MAX_VALUE, TlsProfile.DEFAULT);
    }

    public TunnelForTests(TlsProfile profile) throws Exception {
        this(HboneConfig.defaults(), Long.MAX_VALUE, profile);
    }

    /**
     * @param bufferBytes what both loops' buffers may have
     */
    public TunnelForTests(HboneConfig config, long bufferBytes) throws Exception {
        this(config, bufferBytes, TlsProfile.DEFAULT);
    }

    private TunnelForTests(HboneConfig config, long bufferBytes, TlsProfile profile) throws Exception {
        this.loops = new LoopsForTests(2, bufferBytes);
        this.clientLoop = loops.get(0);
        this.serverLoop = loops.get(1);
        this.config = config;
        this.clientTls = new TlsContexts(clientLoop, InstantSource.system(), profile, clientRevocation);
        this.serverTls = new TlsContexts(serverLoop, InstantSource.system(), profile, serverRevocation);
        this.ca = CaForTests.root("root");
        this.clientCertificate = ca.issue(CLIENT);
        this.serverCertificate = ca.issue(SERVER);
        this.pool = new HbonePool(clientLoop, config, new Dialer());
        Fd serverFd = LoopsForTests.listen();
        this.serverAddress = Sockets.localAddress(serverFd);
        this.destination = serverAddress;
        this.serverListener = LoopsForTests.on(
                serverLoop,
                () -> Listener.start(serverLoop, List.of(serverLoop), serverFd.release(), this::acceptTunnel));
        Fd entryFd = LoopsForTests.listen();
        this.entry = Sockets.localAddress(entryFd);
        this.entryListener = LoopsForTests.on(
                clientLoop,
                () -> Listener.start(clientLoop, List.of(clientLoop), entryFd.release(), this::acceptApplication));
    }

    /** A connection of an application, captured at the entry. */
    public Socket connect() throws IOException {
        Socket socket = new Socket(entry.getAddress(), entry.getPort());
        socket.setSoTimeout(20_000);
        return socket;
    }

    public PoolKey key() {
        return new PoolKey(CLIENT, expected, destination, InetAddress.getLoopbackAddress());
    }

    private void acceptApplication(LoopSocket socket, InetSocketAddress peer) {
        clientSockets.add(socket);
        InetSocketAddress to = behindGateway.orElse(application);
        Opening opening = pool.open(key(), ConnectRequest.to(text(to), List.of()), new OpenListener() {
            @Override
            public void onOpen(HboneStream stream, ConnectResponse response) {
                if (behindGateway.isPresent()) {
                    cross(socket, stream);
                } else {
                    join(socket, stream, response);
                }
            }

            @Override
            public void onFailed(OpenFailure failure) {
                refused(socket, failure);
            }
        });
        if (!opening.key().expected().equals(expected)) {
            throw new AssertionError();
        }
    }

    /** Goes on behind the gateway, to which {@code carrier} leads. */
    private void cross(LoopSocket socket, HboneStream carrier) {
        PoolKey inner = new PoolKey(CLIENT, expectedBehindGateway, serverAddress, InetAddress.getLoopbackAddress());
        InnerTunnel tunnel = InnerTunnel.open(
                pool, carrier, inner, ConnectRequest.to(text(application), List.of()), new OpenListener() {
                    @Override
                    public void onOpen(HboneStream stream, ConnectResponse response) {
                        join(socket, stream, response);
                    }

                    @Override
                    public void onFailed(OpenFailure failure) {
                        refused(socket, failure);
                    }
                });
        crossings.add(tunnel);
    }

    private void join(LoopSocket socket, HboneStream stream, ConnectResponse response) {
        responses.add(response);
        clientStreams.add(stream);
        clientRelays.add(
                StreamRelay.start(socket, stream, Position.SOCKET_IS_DOWNSTREAM, clientMeter(), clientEnds::add));
    }

    private void refused(LoopSocket socket, OpenFailure failure) {
        failures.add(failure);
        socket.reset();
    }

    private static String text(InetSocketAddress to) {
        return to.getAddress().getHostAddress() + ":" + to.getPort();
    }

    private ByteMeter clientMeter() {
        return new ByteMeter() {
            @Override
            public void toUpstream(int bytes) {
                clientUp.addAndGet(bytes);
            }

            @Override
            public void toDownstream(int bytes) {
                clientDown.addAndGet(bytes);
            }
        };
    }

    private static ByteMeter noMeter() {
        return new ByteMeter() {
            @Override
            public void toUpstream(int bytes) {}

            @Override
            public void toDownstream(int bytes) {}
        };
    }

    private void acceptTunnel(LoopSocket socket, InetSocketAddress peer) {
        serverSockets.add(socket);
        HboneConnection connection =
                HboneServer.accept(socket, serverTls.server(serverCertificate), config, new ServerSide());
        if (connection.openStreams() != 0) {
            throw new AssertionError();
        }
        if (drainsAtAccept) {
            connection.drain();
        }
    }

    private final class Dialer implements TunnelDialer {
        @Override
        public int openSocket(PoolKey key) throws IOException {
            Fd fd = Sockets.tcp(false);
            SocketOptions.setNoDelay(fd.number());
            return fd.release();
        }

        @Override
        public void requestSession(PoolKey key, SessionListener listener) {
            listener.onSession(clientTls.client(clientCertificate, key.expected()));
        }
    }

    private final class ServerSide implements ConnectHandler {
        @Override
        public void onEstablished(HboneConnection connection) {
            serverConnections.add(connection);
        }

        @Override
        public void onConnect(HboneStream stream, ConnectRequest request) {
            requests.add(request);
            int status = admission.apply(request);
            if (status != 200) {
                stream.refuse(status);
                return;
            }
            int colon = request.authority().lastIndexOf(':');
            InetSocketAddress to = new InetSocketAddress(
                    request.authority().substring(0, colon),
                    Integer.parseInt(request.authority().substring(colon + 1)));
            dial(stream, to);
        }

        private void dial(HboneStream stream, InetSocketAddress to) {
            LoopSocket socket;
            try {
                socket = LoopSocket.adopt(serverLoop, Sockets.tcp(false).release());
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            TcpDial.start(socket, to, 10_000, new TcpDial.DialListener() {
                @Override
                public void onConnected(LoopSocket connected) {
                    stream.accept(List.of(new Header("baggage", "k8s.namespace.name=default")));
                    StreamRelay.start(connected, stream, Position.SOCKET_IS_UPSTREAM, noMeter(), serverEnds::add);
                }

                @Override
                public void onDialFailed(TcpDial.DialFailure failure) {
                    stream.refuse(503);
                }
            });
        }

        @Override
        public void onAbandoned(HboneStream stream) {
            abandoned.incrementAndGet();
        }

        @Override
        public void onClosed(HboneConnection connection, ConnectionEnd end) {
            serverConnectionEnds.add(end);
        }
    }

    /** Ends everything and checks that nothing is left. */
    @Override
    public void close() {
        LoopsForTests.run(clientLoop, () -> {
            entryListener.close();
            pool.close(EndReason.DRAIN);
            clientTls.close();
        });
        LoopsForTests.run(serverLoop, () -> {
            serverListener.close();
            for (HboneConnection connection : List.copyOf(serverConnections)) {
                connection.close(EndReason.DRAIN);
            }
            serverTls.close();
        });
        loops.awaitNothingLeft(0);
        loops.close();
    }
}
