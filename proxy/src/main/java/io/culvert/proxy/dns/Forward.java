package io.culvert.proxy.dns;

import io.culvert.linux.Fd;
import io.culvert.linux.KernelException;
import io.culvert.proxy.inpod.PodSockets;
import io.culvert.proxy.relay.BufferPool;
import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.LoopSocket;
import io.culvert.proxy.relay.LoopTimer;
import io.culvert.proxy.relay.OsError;
import io.culvert.proxy.relay.RawBuffer;
import io.culvert.proxy.relay.SocketEvents;
import io.culvert.proxy.relay.TcpDial;
import io.culvert.xds.mesh.IpAddress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One query on its way to the resolvers, from inside the pod's namespace.
 *
 * <pre>
 *   ask the next server over UDP --answer--------------------------------------> answered
 *     |                \--cut off, and the client came by TCP--> ask it by TCP -> answered
 *     |--no answer in time, refused by the kernel, or a failure--> ask the next, go on listening for all
 *     \--every server has had its attempts----------------------> the best failure that was told, or none
 * </pre>
 *
 * <p>Each query has an unpredictable id and connected sockets of its own, whose ports the kernel chose: the kernel
 * drops what comes from elsewhere, and {@link ResolverAnswer#judge} what does not repeat the question. A server that is
 * not there tells by ICMP, and costs no wait. One loop's.
 */
final class Forward {

    /**
     * Messages of no worth that are read from one socket: somebody guesses, or the server is mad. Then it counts as
     * failed.
     */
    static final int WORTHLESS_MAX = 32;

    /** For a dial, and for all of a conversation by TCP: as long as a round over UDP has by default. */
    private static final long TCP_TIMEOUT_MS = 5_000;

    private final DataLoop loop;
    private final PodSockets sockets;
    private final ResolvConf resolvers;
    private final DnsQuery query;
    private final int id;
    private final boolean overTcp;
    private final Listener listener;
    private final List<Asked> asked = new ArrayList<>(ResolvConf.SERVERS_MAX);
    private int requests;
    private byte @Nullable [] failure;
    private String trouble = "no nameserver is configured";
    private @Nullable LoopTimer timer;
    private @Nullable TcpDial dial;
    private @Nullable TcpMessages conversation;
    private boolean ended;

    /** Learns how it went, once, on the loop; nothing after {@link #cancel}. */
    interface Listener {
        /** A resolver's answer, under another id than the client's. */
        void answered(byte[] message);

        /** Nobody said anything of use. */
        void failed(String why);
    }

    private Forward(
            DataLoop loop,
            PodSockets sockets,
            ResolvConf resolvers,
            DnsQuery query,
            int id,
            boolean overTcp,
            Listener listener) {
        this.loop = loop;
        this.sockets = sockets;
        this.resolvers = resolvers;
        this.query = query;
        this.id = id;
        this.overTcp = overTcp;
        this.listener = listener;
    }

    /**
     * Asks. The listener is called later, never before this returns.
     *
     * @param id unpredictable, 16 bits
     * @param overTcp whether the client came by TCP, and so wants all of a long answer
     */
    static Forward start(
            DataLoop loop,
            PodSockets sockets,
            ResolvConf resolvers,
            DnsQuery query,
            int id,
            boolean overTcp,
            Listener listener) {
        Forward forward = new Forward(loop, sockets, resolvers, query, id, overTcp, listener);
        loop.post(forward::askNext);
        return forward;
    }

    /** Gives up. Idempotent. */
    void cancel() {
        if (!ended) {
            end();
        }
    }

    private void askNext() {
        stopTimer();
        while (!ended && requests < resolvers.requestsMax()) {
            int server = requests++ % resolvers.servers().size();
            if (server == asked.size()) {
                asked.add(new Asked(resolvers.servers().get(server)));
            }
            if (ask(asked.get(server))) {
                timer = loop.schedule(this::askNext, resolvers.patienceMs());
                return;
            }
        }
        giveUp();
    }

    private void giveUp() {
        if (ended) {
            return;
        }
        byte[] told = failure;
        end();
        if (told == null) {
            listener.failed(trouble);
        } else {
            listener.answered(told);
        }
    }

    /** Sends one request; false if it could not leave, or the server has had its say. */
    private boolean ask(Asked server) {
        try {
            return !server.failed && server.send();
        } catch (IOException e) {
            server.failed = true;
            trouble = server.server + ": " + OsError.text(e);
            return false;
        }
    }

    private void onMessage(Asked from, byte[] message) {
        switch (ResolverAnswer.judge(message, query, id)) {
            case NONE -> {
                if (++from.worthless > WORTHLESS_MAX) {
                    failed(from, from.server + " sends what is no answer");
                }
            }
            case ANSWER -> answered(message);
            case TRUNCATED -> {
                if (overTcp) {
                    askByTcp(from.server);
                } else {
                    answered(message);
                }
            }
            case FAILURE -> {
                if (hasQuestion(message)) {
                    failure = message;
                }
                failed(from, from.server + " answered with code " + (Wire.short16(message, 2) & Wire.RCODE));
            }
        }
    }

    private void failed(Asked server, String why) {
        trouble = why;
        server.failed = true;
        server.close();
        askNext();
    }

    private static boolean hasQuestion(byte[] message) {
        return Wire.short16(message, 4) == 1;
    }

    private void answered(byte[] message) {
        end();
        listener.answered(message);
    }

    private void askByTcp(InetSocketAddress server) {
        stopTimer();
        asked.forEach(Asked::close);
        timer = loop.schedule(() -> tcpFailed(server + ": no answer by TCP in time"), TCP_TIMEOUT_MS);
        try {
            LoopSocket socket = LoopSocket.adopt(
                    loop, sockets.dial(IpAddress.of(server.getAddress())).release());
            dial = TcpDial.start(socket, server, TCP_TIMEOUT_MS, new TcpDial.DialListener() {
                @Override
                public void onConnected(LoopSocket connected) {
                    converse(connected, server);
                }

                @Override
                public void onDialFailed(TcpDial.DialFailure why) {
                    tcpFailed(server + ": " + why.text());
                }
            });
        } catch (KernelException e) {
            tcpFailed(server + ": " + e.getMessage());
        }
    }

    private void tcpFailed(String why) {
        if (!ended) {
            trouble = why;
            closeTcp();
            askNext();
        }
    }

    private void converse(LoopSocket connected, InetSocketAddress server) {
        TcpMessages messages = TcpMessages.on(connected, Wire.MESSAGE_BYTES_MAX, new TcpMessages.User() {
            @Override
            public boolean takesMore() {
                return !ended;
            }

            @Override
            public void onMessage(byte[] message) {
                switch (ResolverAnswer.judge(message, query, id)) {
                    case ANSWER, TRUNCATED -> answered(message);
                    case NONE, FAILURE -> tcpFailed(server + ": no answer by TCP");
                }
            }

            @Override
            public void onEnd() {
                tcpFailed(server + ": the connection ended before the answer");
            }
        });
        conversation = messages;
        messages.begin();
        messages.send(query.withId(id));
    }

    private void stopTimer() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }

    private void end() {
        ended = true;
        stopTimer();
        asked.forEach(Asked::close);
        closeTcp();
    }

    private void closeTcp() {
        if (dial != null) {
            dial.cancel();
            dial = null;
        }
        if (conversation != null) {
            conversation.close();
            conversation = null;
        }
    }

    /** A server that is asked over UDP, and its socket, which is open until the query ends or the server has failed. */
    private final class Asked implements SocketEvents {
        final InetSocketAddress server;
        private @Nullable LoopSocket socket;
        private int worthless;
        /** It is not there, or would not say: asked once more, it would do no better. */
        private boolean failed;

        Asked(InetSocketAddress server) {
            this.server = server;
        }

        boolean send() throws IOException {
            LoopSocket open = socket;
            if (open == null || open.isClosed()) {
                Fd fd = sockets.queryTo(server);
                open = LoopSocket.adopt(loop, fd.release());
                socket = open;
                open.attach(this);
            }
            byte[] message = query.withId(id);
            RawBuffer buffer = loop.buffers().chunk();
            try {
                buffer.copyFrom(message, 0, 0, message.length);
                return open.write(buffer, 0, message.length) == message.length;
            } finally {
                buffer.release();
            }
        }

        @Override
        public void onReadable() {
            RawBuffer buffer = loop.buffers().chunk();
            try {
                // Until there is nothing more: events are edges.
                for (LoopSocket open = socket; !ended && open != null && !open.isClosed(); open = socket) {
                    int read = open.read(buffer, 0, BufferPool.CHUNK);
                    if (read == 0) {
                        return;
                    }
                    byte[] message = new byte[Math.max(read, 0)];
                    buffer.copyTo(0, message, 0, message.length);
                    Forward.this.onMessage(this, message);
                }
            } catch (IOException e) {
                // What ICMP had to say to our request, most likely: nobody listens there.
                if (!ended) {
                    failed(this, server + ": " + OsError.text(e));
                }
            } finally {
                buffer.release();
            }
        }

        @Override
        public void onWritable() {}

        @Override
        public void onLoopClosed(Throwable cause) {
            if (!ended) {
                end();
                listener.failed("the proxy ends");
            }
        }

        void close() {
            if (socket != null) {
                socket.close();
                socket = null;
            }
        }
    }
}
