package io.culvert.proxy.dns;

import io.culvert.proxy.relay.LoopSocket;
import io.culvert.proxy.relay.LoopTimer;
import org.jspecify.annotations.Nullable;

/**
 * One client's TCP connection to the server: any number of questions, answered in whatever order (RFC 7766 section 7).
 * Closed when nothing is under way for {@value #IDLE_MS} ms, whatever it is that does not come: a question, the rest of
 * one, or the reader of an answer.
 */
final class TcpClient implements Client, TcpMessages.User {

    /** As the original's (dns/server.rs:DEFAULT_TCP_REQUEST_TIMEOUT). */
    static final int IDLE_MS = 5_000;

    /** Questions under way at once; more wait unread (dns/server.rs:DEFAULT_TCP_RESPONSE_BUFFER_SIZE). */
    static final int QUESTIONS_MAX = 32;

    private final DnsServer server;
    private final TcpMessages messages;
    private final LoopSocket socket;
    private @Nullable LoopTimer idle;
    private int underWay;
    private boolean last;
    private boolean closed;

    private TcpClient(DnsServer server, LoopSocket socket) {
        this.server = server;
        this.socket = socket;
        this.messages = TcpMessages.on(socket, DnsServer.QUERY_BYTES_MAX, this);
    }

    static TcpClient begin(DnsServer server, LoopSocket socket) {
        TcpClient client = new TcpClient(server, socket);
        client.waitForMore();
        client.messages.begin();
        return client;
    }

    @Override
    public Protocol protocol() {
        return Protocol.TCP;
    }

    @Override
    public boolean takesMore() {
        return !last && underWay < QUESTIONS_MAX;
    }

    @Override
    public void onMessage(byte[] message) {
        underWay++;
        stopWaiting();
        server.take(message, this);
    }

    @Override
    public void send(byte[] answer) {
        if (!closed) {
            messages.send(answer);
        }
        answered();
    }

    /** One question less, whether there was an answer to it or not. */
    void answered() {
        underWay--;
        if (closed || underWay > 0) {
            return;
        }
        if (last && messages.isFlushed()) {
            close();
        } else {
            waitForMore();
            messages.resume();
        }
    }

    private void waitForMore() {
        stopWaiting();
        idle = socket.loop().schedule(this::close, IDLE_MS);
    }

    private void stopWaiting() {
        if (idle != null) {
            idle.cancel();
            idle = null;
        }
    }

    /** Takes no further question, and ends with the last answer. */
    void finish() {
        last = true;
        if (underWay == 0) {
            close();
        }
    }

    /** Ends now. Idempotent. */
    void close() {
        if (!closed) {
            messages.close();
            onEnd();
        }
    }

    @Override
    public void onEnd() {
        closed = true;
        stopWaiting();
        server.left(this);
    }
}
