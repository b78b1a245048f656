package io.culvert.xds.snapshot;

import com.google.protobuf.InvalidProtocolBufferException;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Node;
import io.culvert.proto.discovery.Resource;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;

/**
 * The layout of a snapshot file, and its reader. Numbers are big-endian.
 *
 * <pre>
 * 12 bytes  "CULVERTSTATE"
 *  4        version of the layout
 *  8        as of: milliseconds since 1970, rewritten in place while nothing changes
 *  4        CRC-32C of these eight bytes
 *  n        frames: length (4), message. The first is a Node (id: node, cluster: cluster), the others are
 *           DeltaDiscoveryResponse with type_url and resources as the control plane sent them
 *  4        -1
 *  8        number of resources
 *  4        CRC-32C of all but "as of" and its sum
 * </pre>
 *
 * The version changes when an older program must not read the file. A newer one that reads more of a resource needs no
 * other version: resources are kept whole.
 */
final class SnapshotFile {
    static final int VERSION = 1;
    static final int END = -1;
    /** A frame is ended when it has so many bytes: small enough to be parsed in one piece. */
    static final int FRAME_BYTES = 256 * 1024;

    /** One resource more than a frame may hold; a message from the control plane has at most 200 MiB. */
    private static final int FRAME_BYTES_MAX = 201 * 1024 * 1024;

    private static final String NAME = "CULVERTSTATE";
    private static final int STAMP_AT = NAME.length() + Integer.BYTES;
    private static final int STAMP_BYTES = Long.BYTES + Integer.BYTES;

    private final Path path;
    private final SnapshotConfig.Owner owner;
    private final Instant asOf;
    private final long resources;

    private SnapshotFile(Path path, SnapshotConfig.Owner owner, Instant asOf, long resources) {
        this.path = path;
        this.owner = owner;
        this.asOf = asOf;
        this.resources = resources;
    }

    static byte[] magic() {
        return ByteBuffer.allocate(STAMP_AT)
                .put(NAME.getBytes(StandardCharsets.US_ASCII))
                .putInt(VERSION)
                .array();
    }

    static byte[] stamp(Instant asOf) {
        ByteBuffer stamp = ByteBuffer.allocate(STAMP_BYTES).putLong(asOf.toEpochMilli());
        CRC32C sum = new CRC32C();
        sum.update(stamp.array(), 0, Long.BYTES);
        return stamp.putInt((int) sum.getValue()).array();
    }

    /** Says in place that the state is still the control plane's. */
    static void restamp(Path path, Instant asOf) throws IOException {
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
            ByteBuffer stamp = ByteBuffer.wrap(stamp(asOf));
            for (int at = STAMP_AT; stamp.hasRemaining(); ) {
                at += file.write(stamp, at);
            }
        }
    }

    /**
     * Opens one and reads it through once, so that nothing of a damaged one is ever used.
     *
     * @throws InvalidSnapshot if it is damaged, or not of this version
     */
    static SnapshotFile open(Path path) throws IOException, InvalidSnapshot {
        CRC32C sum = new CRC32C();
        try (var raw = new BufferedInputStream(Files.newInputStream(path), 1 << 16);
                var in = new DataInputStream(new CheckedInputStream(raw, sum))) {
            Instant asOf = head(in, raw);
            SnapshotConfig.Owner owner = null;
            long counted = 0;
            for (int length = in.readInt(); length != END; length = in.readInt()) {
                byte[] frame = frame(in, length);
                if (owner == null) {
                    Node node = Node.parseFrom(frame);
                    owner = new SnapshotConfig.Owner(node.getId(), node.getCluster());
                } else {
                    counted += DeltaDiscoveryResponse.parseFrom(frame).getResourcesCount();
                }
            }
            long resources = in.readLong();
            int expected = (int) sum.getValue();
            if (in.readInt() != expected || resources != counted || owner == null || raw.read() >= 0) {
                throw new InvalidSnapshot("its checksum is wrong");
            }
            return new SnapshotFile(path, owner, asOf, resources);
        } catch (EOFException | InvalidProtocolBufferException e) {
            throw new InvalidSnapshot("it is cut off or damaged");
        }
    }

    private static Instant head(DataInputStream in, BufferedInputStream raw) throws IOException, InvalidSnapshot {
        byte[] magic = in.readNBytes(STAMP_AT);
        if (magic.length < STAMP_AT || !Arrays.equals(magic, 0, NAME.length(), magic(), 0, NAME.length())) {
            throw new InvalidSnapshot("it is no state snapshot");
        }
        int version = ByteBuffer.wrap(magic).getInt(NAME.length());
        if (version != VERSION) {
            throw new InvalidSnapshot("its layout is version " + version + ", this program reads " + VERSION);
        }
        byte[] stamp = raw.readNBytes(STAMP_BYTES);
        if (stamp.length < STAMP_BYTES) {
            throw new EOFException();
        }
        Instant asOf = Instant.ofEpochMilli(ByteBuffer.wrap(stamp).getLong());
        if (!Arrays.equals(stamp, stamp(asOf))) {
            throw new InvalidSnapshot("its time is damaged");
        }
        return asOf;
    }

    private static byte[] frame(DataInputStream in, int length) throws IOException, InvalidSnapshot {
        if (length < 0 || length > FRAME_BYTES_MAX) {
            throw new InvalidSnapshot("it is damaged");
        }
        byte[] frame = in.readNBytes(length);
        if (frame.length < length) {
            throw new EOFException();
        }
        return frame;
    }

    /** Reads it again, as responses of the control plane in all but nonce and version. */
    void forEach(Consumer<DeltaDiscoveryResponse> reader) throws IOException {
        try (var in = new DataInputStream(new BufferedInputStream(Files.newInputStream(path), 1 << 16))) {
            in.skipNBytes(STAMP_AT + STAMP_BYTES);
            in.skipNBytes(in.readInt());
            for (int length = in.readInt(); length != END; length = in.readInt()) {
                reader.accept(DeltaDiscoveryResponse.parseFrom(frame(in, length)));
            }
        } catch (InvalidSnapshot e) {
            throw new IOException("changed since it was opened: " + path, e);
        }
    }

    /** Copies what is not changed; the rest is for the caller to write. */
    void copy(SnapshotWriter out, PendingChanges changed) throws IOException {
        try {
            forEach(frame -> {
                for (Resource resource : frame.getResourcesList()) {
                    if (!changed.has(frame.getTypeUrl(), resource.getName())) {
                        try {
                            out.put(frame.getTypeUrl(), resource);
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    }
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    SnapshotConfig.Owner owner() {
        return owner;
    }

    Instant asOf() {
        return asOf;
    }

    long resources() {
        return resources;
    }
}
