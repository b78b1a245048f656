package io.culvert.testkit.workload;

import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.channels.SocketChannel;
import java.time.Duration;

/**
 * A plain TCP client in a pod. Every call opens a connection, and tells how it ended as a {@link TcpResult}; exceptions
 * are left for what is wrong with the testkit itself.
 */
public final class TcpClient {
    private static final int BUFFER_BYTES = 64 * 1024;

    private final PodSockets sockets;
    private final Duration limit;

    /** @param limit for connecting, and again for each read */
    public TcpClient(PodSockets sockets, Duration limit) {
        this.sockets = sockets;
        this.limit = limit;
    }

    /** Connects; the caller owns and closes the channel. Connection failures are the JDK's exceptions. */
    public SocketChannel connect(InetSocketAddress to) throws IOException {
        SocketChannel channel = sockets.socketFor(to.getAddress());
        try {
            channel.socket().connect(to, (int) limit.toMillis());
            channel.socket().setSoTimeout((int) limit.toMillis());
            return channel;
        } catch (IOException failure) {
            channel.close();
            throw failure;
        }
    }

    /** Sends {@code request}, half-closes, and reads to the end. */
    public TcpResult exchange(InetSocketAddress to, byte[] request) throws IOException {
        return attempt(to, channel -> {
            channel.socket().getOutputStream().write(request);
            channel.shutdownOutput();
            return Long.MAX_VALUE;
        });
    }

    /** Sends {@code request}, and reads {@code answerBytes} without half-closing. */
    public TcpResult exchangeOpen(InetSocketAddress to, byte[] request, long answerBytes) throws IOException {
        return attempt(to, channel -> {
            channel.socket().getOutputStream().write(request);
            return answerBytes;
        });
    }

    private TcpResult attempt(InetSocketAddress to, Request request) throws IOException {
        SocketChannel channel;
        try {
            channel = connect(to);
        } catch (SocketTimeoutException late) {
            return new TcpResult.TimedOut(false, 0);
        } catch (NoRouteToHostException noRoute) {
            return new TcpResult.Unreachable(String.valueOf(noRoute.getMessage()));
        } catch (ConnectException refused) {
            return Resets.isRefusal(refused)
                    ? new TcpResult.Refused()
                    : new TcpResult.Unreachable(String.valueOf(refused.getMessage()));
        } catch (SocketException end) {
            // Connected and reset before anybody looked: connect(2) then tells of the reset.
            if (Resets.isReset(end)) {
                return new TcpResult.Reset(0);
            }
            throw end;
        }
        try (channel) {
            return converse(channel, request);
        }
    }

    private static TcpResult converse(SocketChannel channel, Request request) throws IOException {
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        try {
            long wanted = request.send(channel);
            byte[] buffer = new byte[BUFFER_BYTES];
            while (answer.size() < wanted) {
                int count = channel.socket().getInputStream().read(buffer);
                if (count < 0) {
                    break;
                }
                answer.write(buffer, 0, count);
            }
        } catch (SocketTimeoutException late) {
            return new TcpResult.TimedOut(true, answer.size());
        } catch (IOException end) {
            if (Resets.isReset(end)) {
                return new TcpResult.Reset(answer.size());
            }
            throw end;
        }
        if (answer.size() == 0) {
            return new TcpResult.ClosedEmpty();
        }
        return new TcpResult.Answered(
                ByteString.copyFrom(answer.toByteArray()), (InetSocketAddress) channel.getLocalAddress());
    }

    /** Writes the request, and says how many bytes of answer end the exchange. */
    @FunctionalInterface
    private interface Request {
        long send(SocketChannel channel) throws IOException;
    }
}
