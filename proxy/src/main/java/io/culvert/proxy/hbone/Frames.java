package io.culvert.proxy.hbone;

/** Numbers of HTTP/2's frame layer (RFC 9113 sections 4 and 6). */
final class Frames {
    static final int HEADER_BYTES = 9;

    static final int DATA = 0x0;
    static final int HEADERS = 0x1;
    static final int PRIORITY = 0x2;
    static final int RST_STREAM = 0x3;
    static final int SETTINGS = 0x4;
    static final int PUSH_PROMISE = 0x5;
    static final int PING = 0x6;
    static final int GOAWAY = 0x7;
    static final int WINDOW_UPDATE = 0x8;
    static final int CONTINUATION = 0x9;

    static final int END_STREAM = 0x1;
    static final int ACK = 0x1;
    static final int END_HEADERS = 0x4;
    static final int PADDED = 0x8;
    static final int PRIORITY_FLAG = 0x20;

    static final int SETTING_HEADER_TABLE_SIZE = 0x1;
    static final int SETTING_ENABLE_PUSH = 0x2;
    static final int SETTING_MAX_CONCURRENT_STREAMS = 0x3;
    static final int SETTING_INITIAL_WINDOW_SIZE = 0x4;
    static final int SETTING_MAX_FRAME_SIZE = 0x5;
    static final int SETTING_MAX_HEADER_LIST_SIZE = 0x6;

    /** What holds before any SETTINGS (RFC 9113 section 6.5.2). */
    static final int DEFAULT_WINDOW = 65_535;

    static final int DEFAULT_FRAME_MAX = 16_384;
    static final int DEFAULT_HEADER_TABLE = 4_096;
    static final int FRAME_MAX_LIMIT = 0xffffff;
    static final int STREAM_ID_MAX = 0x7fffffff;

    private Frames() {}
}
