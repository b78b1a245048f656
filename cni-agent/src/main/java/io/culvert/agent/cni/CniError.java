package io.culvert.agent.cni;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** A CNI error object (specification 1.1.0, section 5, "Error"), which the relay prints as it is. */
record CniError(int code, String message, String details) {
    static final int INVALID_ENVIRONMENT = 4;
    static final int DECODING_FAILED = 6;
    /** The runtime is told that another attempt may succeed. */
    static final int TRY_AGAIN_LATER = 11;

    byte[] json(String cniVersion) {
        StringWriter text = new StringWriter();
        try (JsonWriter json = new JsonWriter(text)) {
            json.beginObject();
            json.name("cniVersion").value(cniVersion);
            json.name("code").value(code);
            json.name("msg").value("culvert-cni: " + message);
            json.name("details").value(details);
            json.endObject();
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory cannot fail", e);
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }
}
