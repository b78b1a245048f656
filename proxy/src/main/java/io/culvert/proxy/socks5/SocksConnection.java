package io.culvert.proxy.socks5;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.outbound.OutboundConnection;
import io.culvert.proxy.outcome.Outcome;
import io.culvert.proxy.pod.ConnectionLife;
import io.culvert.proxy.pod.PodMember;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.LoopSocket;
import io.culvert.proxy.relay.LoopTimer;
import io.culvert.proxy.relay.RawBuffer;
import io.culvert.proxy.relay.SocketEvents;
import io.culvert.proxy.telemetry.Reporter;
import io.culvert.xds.mesh.IpAddress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/**
 * One conversation on 15080 (ztunnel proxy/socks5.rs).
 *
 * <pre>
 *   TALKING --name--> NAMING --address--> DONE: success is told, {@link OutboundConnection} goes on
 *      \ \-------------address----------/
 *       \--refusal, or no address--> REFUSED (reads what still comes, so that the answer arrives) --end--> DONE
 * </pre>
 *
 * Success is told before the way to the destination is tried, as by the original: what fails then is a reset, like that
 * of a captured connection. All of it has {@value #TALK_MS} ms.
 */
public final class SocksConnection implements PodMember, SocketEvents, SocksNames.Answer {

    /** For the whole conversation, the resolving of a name included; a client on the same host needs a few. */
    static final long TALK_MS = TimeUnit.SECONDS.toMillis(10);

    /** How long what a refused client still sends is read, lest its unread bytes turn our answer into a reset. */
    static final long LINGER_MS = TimeUnit.SECONDS.toMillis(1);

    /** Of such bytes; who sends more does not wait for an answer. */
    private static final int LINGER_BYTES_MAX = 64 * 1024;

    private static final int VERSION = 5;
    private static final int ANSWER_BYTES = 10;

    private enum State {
        TALKING,
        NAMING,
        REFUSED,
        DONE
    }

    private final SocksDoor door;
    private final LoopSocket application;
    private final InetSocketAddress peer;
    private final ConnectionLife life;
    private final SocksRequest request = new SocksRequest();
    private final byte[] piece = new byte[SocksRequest.PIECE_MAX];
    private State state = State.TALKING;
    private LoopTimer timer;
    private int port;
    private int thrownAway;

    private SocksConnection(SocksDoor door, LoopSocket application, InetSocketAddress peer) {
        this.door = door;
        this.application = application;
        this.peer = peer;
        this.life = ConnectionLife.ofSocket(door.pod(), this, Reporter.SOURCE);
        this.timer = door.pod().loop().schedule(this::expire, door.talkMs());
    }

    /** Takes a connection to 15080. */
    public static void accept(SocksDoor door, LoopSocket application, InetSocketAddress peer) {
        if (!door.enter()) {
            application.reset();
            return;
        }
        SocksConnection connection = new SocksConnection(door, application, peer);
        application.attach(connection);
        connection.onReadable();
    }

    @Override
    public void onReadable() {
        try {
            boolean more = true;
            while (more) {
                more = switch (state) {
                    case TALKING -> talk();
                    case REFUSED -> throwAway();
                    // What comes now is the application's own, and the next user's.
                    case NAMING, DONE -> false;
                };
            }
        } catch (IOException e) {
            broken(e);
        }
    }

    /** Reads a piece; false if there was nothing to read. */
    private boolean talk() throws IOException {
        int got = read(request.missing());
        if (got == 0) {
            return false;
        }
        if (got < 0) {
            refuse(SocksRefusal.io("the client ended in the middle of its request"));
            return true;
        }
        switch (request.take(piece, got)) {
            case SocksRequest.Step.More ignored -> {}
            case SocksRequest.Step.MethodChosen ignored -> write(VERSION, 0);
            case SocksRequest.Step.Complete complete -> reach(complete.target());
            case SocksRequest.Step.Refused refused -> refuse(refused.refusal());
        }
        return true;
    }

    private int read(int most) throws IOException {
        RawBuffer buffer = door.pod().loop().applicationIn().get();
        int got = application.read(buffer, 0, most);
        if (got > 0) {
            buffer.copyTo(0, piece, 0, got);
        }
        return got;
    }

    private void reach(SocksTarget target) {
        switch (target) {
            case SocksTarget.Address direct -> proceed(direct.address());
            case SocksTarget.Name named -> {
                state = State.NAMING;
                port = named.port();
                door.names().find(door.pod(), named.name(), IpPort.of(peer).ip().isV4(), this);
            }
        }
    }

    @Override
    public void found(IpAddress address) {
        if (state == State.NAMING) {
            proceed(new IpPort(address, port));
        }
    }

    @Override
    public void notFound(String text) {
        if (state == State.NAMING) {
            refuse(SocksRefusal.unresolved(text));
        }
    }

    @Override
    public void unsupported(String text) {
        if (state == State.NAMING) {
            refuse(SocksRefusal.protocol(text));
        }
    }

    private void proceed(IpPort target) {
        try {
            write(answer(0));
        } catch (IOException e) {
            broken(e);
            return;
        }
        state = State.DONE;
        timer.cancel();
        door.leave();
        // It enters before this one leaves: the pod is never without a member in between.
        OutboundConnection.accept(door.pod(), application, peer, target);
        life.end(Outcome.completed());
    }

    private void refuse(SocksRefusal refusal) {
        door.refused(refusal);
        timer.cancel();
        state = State.REFUSED;
        try {
            write(answer(refusal.kind().code()));
            application.shutdownOutput();
        } catch (IOException e) {
            broken(e);
            return;
        }
        timer = door.pod().loop().schedule(this::end, LINGER_MS);
        onReadable();
    }

    /** RFC 1928 section 6, with nothing said of the bound address, as by the original. */
    private static int[] answer(int code) {
        int[] answer = new int[ANSWER_BYTES];
        answer[0] = VERSION;
        answer[1] = code;
        answer[3] = 1;
        return answer;
    }

    private boolean throwAway() throws IOException {
        int got = read(piece.length);
        thrownAway += Math.max(got, 0);
        if (got < 0 || thrownAway > LINGER_BYTES_MAX) {
            end();
            return false;
        }
        return got > 0;
    }

    /** The kernel takes a few bytes at once, or the client has filled its own end with something else. */
    private void write(int... bytes) throws IOException {
        RawBuffer buffer = door.pod().loop().applicationIn().get();
        for (int i = 0; i < bytes.length; i++) {
            buffer.putByte(i, bytes[i]);
        }
        if (application.write(buffer, 0, bytes.length) < bytes.length) {
            throw new IOException("the client takes no answer");
        }
    }

    private void expire() {
        door.timedOut();
        application.reset();
        end();
    }

    private void broken(IOException cause) {
        if (state == State.TALKING || state == State.NAMING) {
            door.refused(SocksRefusal.io(String.valueOf(cause.getMessage())));
        }
        application.reset();
        end();
    }

    /** Ends without a connection. */
    private void end() {
        if (state != State.DONE) {
            state = State.DONE;
            timer.cancel();
            application.close();
            door.leave();
            life.end(Outcome.completed());
        }
    }

    @Override
    public void stop(EndReason reason) {
        if (state != State.DONE) {
            application.reset();
            end();
        }
    }

    @Override
    public void onWritable() {
        // An answer was taken whole, or the conversation has ended.
    }

    @Override
    public void onLoopClosed(Throwable cause) {
        end();
    }
}
