package io.culvert.proxy.hbone;

import io.culvert.proxy.relay.RawBuffer;

/** What {@link FrameReader} has read, in order. Stream numbers are not zero unless said. */
interface FrameSink {
    /** A DATA frame with a payload of {@code length} bytes, padding included, begins: its cost in flow control. */
    void onDataFrame(int stream, int length) throws Http2Error;

    /** {@code bytes} of a DATA frame are padding: nobody will credit them. */
    void onPadding(int stream, int bytes);

    /** A piece of a DATA frame's content; never empty. */
    void onData(int stream, RawBuffer buffer, int at, int bytes);

    /** The DATA frame of {@code length} bytes has been told whole. */
    void onDataEnd(int stream, int length, boolean endsStream) throws Http2Error;

    /** A whole header block. */
    void onHeaderBlock(int stream, byte[] block, int bytes, boolean endsStream) throws Http2Error;

    void onReset(int stream, int code) throws Http2Error;

    /** One value of a SETTINGS frame. */
    void onSetting(int id, int value) throws Http2Error;

    /** That was the last. */
    void onSettingsEnd() throws Http2Error;

    void onSettingsAck();

    void onPing(long payload, boolean ack) throws Http2Error;

    void onGoAway(int lastStream, int code, String text);

    /** For the connection if {@code stream} is 0. */
    void onWindowUpdate(int stream, int increment) throws Http2Error;
}
