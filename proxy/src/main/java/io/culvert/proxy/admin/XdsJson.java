package io.culvert.proxy.admin;

import com.google.gson.FormattingStyle;
import com.google.gson.stream.JsonWriter;
import io.culvert.xds.AdsStatus;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * {@code /debug/xds}: how fresh the mesh state is, who it comes from, and what of it could not be used. The original
 * has nothing like it; the dump stays as istioctl knows it.
 */
final class XdsJson {

    private XdsJson() {}

    /** The document, indented. Ages are by the wall clock, as the times are. */
    static byte[] of(AdsStatus status, Instant now) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(4096);
        try (JsonWriter out = new JsonWriter(new OutputStreamWriter(bytes, StandardCharsets.UTF_8))) {
            out.setFormattingStyle(FormattingStyle.PRETTY);
            out.beginObject();
            out.name("connection").value(status.connection().name().toLowerCase(Locale.ROOT));
            out.name("lastFailure").value(status.lastFailure());
            out.name("server").value(status.server());
            time(out, "since", status.since());
            out.name("streams").value(status.streams());
            out.name("types").beginObject();
            for (Map.Entry<String, AdsStatus.TypeStatus> type : new TreeMap<>(status.types()).entrySet()) {
                out.name(type.getKey());
                type(out, type.getValue(), status.lastResponses().get(type.getKey()), now);
            }
            out.endObject();
            out.endObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void type(JsonWriter out, AdsStatus.TypeStatus type, @Nullable Instant last, Instant now)
            throws IOException {
        out.beginObject();
        out.name("added").value(type.added());
        if (last != null) {
            out.name("ageSeconds").value(Duration.between(last, now).toSeconds());
        }
        out.name("held").value(type.held());
        if (last != null) {
            time(out, "lastPush", last);
        }
        out.name("nacks").value(type.nacks());
        out.name("nonce").value(type.nonce());
        out.name("rejected").value(type.rejected());
        out.name("rejectedReasons").beginObject();
        for (Map.Entry<String, String> reason : type.reasons().entrySet()) {
            out.name(reason.getKey()).value(reason.getValue());
        }
        out.endObject();
        out.name("removed").value(type.removed());
        out.name("responses").value(type.responses());
        out.name("resyncs").value(type.resyncs());
        out.name("version").value(type.version());
        out.endObject();
    }

    private static void time(JsonWriter out, String name, Instant when) throws IOException {
        out.name(name).value(when.truncatedTo(ChronoUnit.MILLIS).toString());
    }
}
