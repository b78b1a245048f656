package io.culvert.proxy.hbone;

/** The peer broke HTTP/2 so that the connection cannot go on: it ends with GOAWAY and this code. */
final class Http2Error extends Exception {
    private static final long serialVersionUID = 1L;

    private final int code;

    Http2Error(int code, String text) {
        super(text, null, false, false);
        this.code = code;
    }

    int code() {
        return code;
    }

    String text() {
        return ErrorCode.name(code) + ": " + getMessage();
    }
}
