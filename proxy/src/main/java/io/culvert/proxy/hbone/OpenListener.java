package io.culvert.proxy.hbone;

/** Learns what became of {@link HbonePool#open}, exactly once, on the loop, unless it is cancelled. */
public interface OpenListener {
    /** The server has answered 200: join {@code stream} with a socket, or abort it. */
    void onOpen(HboneStream stream, ConnectResponse response);

    void onFailed(OpenFailure failure);
}
