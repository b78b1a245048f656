package io.culvert.proxy.hbone;

import java.util.List;
import java.util.Optional;

/** A server's answer: its status and the fields that are no pseudo-headers. */
public record ConnectResponse(int status, List<Header> headers) {
    public ConnectResponse {
        headers = List.copyOf(headers);
    }

    /** The first field of this name (lower case). */
    public Optional<String> header(String name) {
        return ConnectRequest.first(headers, name);
    }

    /** Every field of this name (lower case), in order. */
    public List<String> all(String name) {
        return headers.stream()
                .filter(header -> header.name().equals(name))
                .map(Header::value)
                .toList();
    }
}
