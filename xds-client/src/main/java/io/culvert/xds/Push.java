package io.culvert.xds;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.WireFormat;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Resource;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * One response of the control plane, read where it lies. The first answer for a large mesh is one message of 50 MB and
 * 220,000 resources; parsed as a whole it takes more memory than the mesh that is made of it. So what a response says
 * once is read first, over all resources, and these are parsed one after the other as often as they are walked through:
 * no more than one of them is in the heap beside what was made of the others.
 *
 * <p>A walk reads from the network's own buffers (gRPC's, outside the heap), so that a response is good only as long as
 * they are: until the call returns that handed it over.
 */
public final class Push {
    private static final int VERSION = tag(DeltaDiscoveryResponse.SYSTEM_VERSION_INFO_FIELD_NUMBER);
    private static final int RESOURCES = tag(DeltaDiscoveryResponse.RESOURCES_FIELD_NUMBER);
    private static final int TYPE_URL = tag(DeltaDiscoveryResponse.TYPE_URL_FIELD_NUMBER);
    private static final int NONCE = tag(DeltaDiscoveryResponse.NONCE_FIELD_NUMBER);
    private static final int REMOVED = tag(DeltaDiscoveryResponse.REMOVED_RESOURCES_FIELD_NUMBER);

    /** What is copied out of the network's buffers at a time. */
    private static final int READ_BYTES = 64 * 1024;

    private final Walk walk;
    private final List<String> removed = new ArrayList<>();
    private String typeUrl = "";
    private String nonce = "";
    private String version = "";
    private int resources;

    /** Shows all resources, in order, from the first. */
    @FunctionalInterface
    private interface Walk {
        void each(Consumer<Resource> visitor);
    }

    private Push(Walk walk) {
        this.walk = walk;
    }

    /** One that is in memory as a whole. */
    public static Push of(DeltaDiscoveryResponse response) {
        Push push = new Push(response.getResourcesList()::forEach);
        push.typeUrl = response.getTypeUrl();
        push.nonce = response.getNonce();
        push.version = response.getSystemVersionInfo();
        push.resources = response.getResourcesCount();
        push.removed.addAll(response.getRemovedResourcesList());
        return push;
    }

    /**
     * Reads all but the resources.
     *
     * @param message stays the caller's, who closes it; it is read again for each walk. One that cannot go back to its
     *     beginning (it was compressed) is copied into the heap.
     */
    public static Push read(InputStream message) throws UnreadableResponse {
        InputStream bytes;
        try {
            bytes = message.markSupported() ? message : new ByteArrayInputStream(message.readAllBytes());
        } catch (IOException e) {
            throw new UnreadableResponse(e);
        }
        bytes.mark(Integer.MAX_VALUE);
        Push push = new Push(visitor -> walk(bytes, visitor));
        push.readHead(bytes);
        return push;
    }

    private void readHead(InputStream bytes) {
        try {
            CodedInputStream in = CodedInputStream.newInstance(bytes, READ_BYTES);
            for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
                if (tag == RESOURCES) {
                    resources++;
                    in.skipRawBytes(in.readRawVarint32());
                } else if (tag == REMOVED) {
                    removed.add(in.readStringRequireUtf8());
                } else if (tag == TYPE_URL) {
                    typeUrl = in.readStringRequireUtf8();
                } else if (tag == NONCE) {
                    nonce = in.readStringRequireUtf8();
                } else if (tag == VERSION) {
                    version = in.readStringRequireUtf8();
                } else {
                    skip(in, tag);
                }
            }
        } catch (IOException e) {
            throw new UnreadableResponse(e);
        }
    }

    private static void walk(InputStream bytes, Consumer<Resource> visitor) {
        try {
            bytes.reset();
            CodedInputStream in = CodedInputStream.newInstance(bytes, READ_BYTES);
            for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
                if (tag == RESOURCES) {
                    visitor.accept(in.readMessage(Resource.parser(), ExtensionRegistryLite.getEmptyRegistry()));
                } else {
                    skip(in, tag);
                }
            }
        } catch (IOException e) {
            throw new UnreadableResponse(e);
        }
    }

    /** A field that is not known here, or known already. */
    private static void skip(CodedInputStream in, int tag) throws IOException {
        if (!in.skipField(tag)) {
            // The end of a group that never began.
            in.checkLastTagWas(0);
        }
    }

    private static int tag(int field) {
        return field << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;
    }

    String typeUrl() {
        return typeUrl;
    }

    String nonce() {
        return nonce;
    }

    /** Of the server's whole state, for people. */
    String version() {
        return version;
    }

    /** Names of resources that are no more. */
    List<String> removed() {
        return removed;
    }

    /** How many there are. */
    int resources() {
        return resources;
    }

    /** Parses them one after the other, from the first. */
    void forEach(Consumer<Resource> visitor) throws UnreadableResponse {
        walk.each(visitor);
    }
}
