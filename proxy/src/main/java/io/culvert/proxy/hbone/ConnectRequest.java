package io.culvert.proxy.hbone;

import java.util.List;
import java.util.Optional;

/**
 * What a client asks for.
 *
 * @param method CONNECT, if all is well; a server refuses others
 * @param authority host and port to connect to; empty if the client gave none
 * @param headers the fields that are no pseudo-headers, in order
 */
public record ConnectRequest(String method, String authority, List<Header> headers) {
    public ConnectRequest {
        headers = List.copyOf(headers);
    }

    public static ConnectRequest to(String authority, List<Header> headers) {
        return new ConnectRequest("CONNECT", authority, headers);
    }

    public boolean isConnect() {
        return method.equals("CONNECT");
    }

    /** The first field of this name (lower case). */
    public Optional<String> header(String name) {
        return first(headers, name);
    }

    static Optional<String> first(List<Header> headers, String name) {
        return headers.stream()
                .filter(header -> header.name().equals(name))
                .map(Header::value)
                .findFirst();
    }
}
