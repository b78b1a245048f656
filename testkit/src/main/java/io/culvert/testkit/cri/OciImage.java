package io.culvert.testkit.cri;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * An image of one static executable, as an archive that container runtimes import (OCI image layout 1.0; tar by POSIX
 * ustar). Written by hand: there is no registry here, and nothing else to put in.
 */
final class OciImage {
    private static final int BLOCK = 512;

    private final ByteArrayOutputStream archive = new ByteArrayOutputStream();

    private OciImage() {}

    /** The archive; the executable becomes {@code /first} and is what runs. */
    static byte[] archive(String name, Path executable, String architecture) throws IOException {
        OciImage layer = new OciImage();
        layer.file("first", Files.readAllBytes(executable), 0755);
        byte[] rootfs = layer.end();

        JsonObject config = json("{'os':'linux','config':{'Entrypoint':['/first'],'Cmd':['pause']}}");
        config.addProperty("architecture", architecture);
        JsonObject layers = json("{'type':'layers'}");
        layers.add("diff_ids", array(digest(rootfs)));
        config.add("rootfs", layers);
        byte[] configBytes = bytes(config);

        JsonObject manifest = json("{'schemaVersion':2,'mediaType':'application/vnd.oci.image.manifest.v1+json'}");
        manifest.add("config", descriptor("application/vnd.oci.image.config.v1+json", configBytes));
        JsonArray manifestLayers = new JsonArray();
        manifestLayers.add(descriptor("application/vnd.oci.image.layer.v1.tar", rootfs));
        manifest.add("layers", manifestLayers);
        byte[] manifestBytes = bytes(manifest);

        JsonObject named = descriptor("application/vnd.oci.image.manifest.v1+json", manifestBytes);
        JsonObject annotations = new JsonObject();
        annotations.addProperty("io.containerd.image.name", name);
        named.add("annotations", annotations);
        JsonObject index = json("{'schemaVersion':2}");
        JsonArray manifests = new JsonArray();
        manifests.add(named);
        index.add("manifests", manifests);

        OciImage image = new OciImage();
        image.file("oci-layout", bytes(json("{'imageLayoutVersion':'1.0.0'}")), 0644);
        image.file("index.json", bytes(index), 0644);
        for (byte[] blob : new byte[][] {rootfs, configBytes, manifestBytes}) {
            image.file("blobs/sha256/" + digest(blob).substring("sha256:".length()), blob, 0644);
        }
        return image.end();
    }

    private static JsonObject descriptor(String mediaType, byte[] content) {
        JsonObject descriptor = new JsonObject();
        descriptor.addProperty("mediaType", mediaType);
        descriptor.addProperty("digest", digest(content));
        descriptor.addProperty("size", content.length);
        return descriptor;
    }

    private static JsonArray array(String only) {
        JsonArray array = new JsonArray();
        array.add(only);
        return array;
    }

    private static JsonObject json(String text) {
        return JsonParser.parseString(text.replace('\'', '"')).getAsJsonObject();
    }

    private static byte[] bytes(JsonObject json) {
        return json.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static String digest(byte[] content) {
        try {
            return "sha256:"
                    + HexFormat.of()
                            .formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private void file(String name, byte[] content, int mode) {
        byte[] header = new byte[BLOCK];
        put(header, 0, name);
        put(header, 100, octal(mode, 7));
        put(header, 108, octal(0, 7));
        put(header, 116, octal(0, 7));
        put(header, 124, octal(content.length, 11));
        put(header, 136, octal(0, 11));
        put(header, 148, "        ");
        header[156] = '0';
        put(header, 257, "ustar\0" + "00");
        int sum = 0;
        for (byte b : header) {
            sum += b & 0xff;
        }
        put(header, 148, octal(sum, 6) + "\0 ");
        archive.writeBytes(header);
        archive.writeBytes(content);
        archive.writeBytes(new byte[(BLOCK - content.length % BLOCK) % BLOCK]);
    }

    private byte[] end() {
        archive.writeBytes(new byte[2 * BLOCK]);
        return archive.toByteArray();
    }

    private static void put(byte[] header, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }

    private static String octal(int value, int digits) {
        String octal = Integer.toOctalString(value);
        return "0".repeat(digits - octal.length()) + octal;
    }
}
