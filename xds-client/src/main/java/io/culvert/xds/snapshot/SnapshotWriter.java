package io.culvert.xds.snapshot;

import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Node;
import io.culvert.proto.discovery.Resource;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.zip.CRC32C;
import java.util.zip.CheckedOutputStream;

/**
 * Writes one snapshot file beside the present one and puts it in its place when it is whole: readers and crashes see
 * the old one or the new one. The layout is {@link SnapshotFile}'s.
 */
final class SnapshotWriter implements AutoCloseable {
    private final Path target;
    private final Path fresh;
    private final FileChannel channel;
    private final CRC32C sum = new CRC32C();
    private final DataOutputStream out;
    private final DeltaDiscoveryResponse.Builder frame = DeltaDiscoveryResponse.newBuilder();
    private int frameBytes;
    private long resources;
    private long bytes;
    private boolean committed;

    /** Begins; what is there stays until {@link #commit}. */
    SnapshotWriter(Path target, SnapshotConfig.Owner owner, Instant asOf) throws IOException {
        this.target = target;
        this.fresh = target.resolveSibling(target.getFileName() + ".new");
        // One that a crash left behind is taken over. Nobody else needs to read it.
        Files.deleteIfExists(fresh);
        Files.createFile(fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        channel = FileChannel.open(fresh, StandardOpenOption.WRITE);
        OutputStream file = Channels.newOutputStream(channel);
        file.write(SnapshotFile.magic());
        file.write(SnapshotFile.stamp(asOf));
        sum.update(SnapshotFile.magic());
        out = new DataOutputStream(new BufferedOutputStream(new CheckedOutputStream(file, sum), 1 << 16));
        frame(Node.newBuilder()
                .setId(owner.node())
                .setCluster(owner.cluster())
                .build()
                .toByteArray());
    }

    /**
     * Whether one could be written now, found out by beginning one.
     *
     * @param bytes of the file that it would be
     * @throws IOException if it could not
     */
    static void probe(Path target, SnapshotConfig.Owner owner, Instant asOf, long bytes) throws IOException {
        try (SnapshotWriter begun = new SnapshotWriter(target, owner, asOf)) {
            long room = Files.getFileStore(begun.fresh).getUsableSpace();
            if (room < bytes) {
                throw new IOException(room + " bytes are free where " + bytes + " are needed");
            }
        }
    }

    /** All resources of one type come in a row. */
    void put(String typeUrl, Resource resource) throws IOException {
        if (!frame.getTypeUrl().equals(typeUrl) || frameBytes >= SnapshotFile.FRAME_BYTES) {
            flush();
            frame.setTypeUrl(typeUrl);
        }
        frame.addResources(resource);
        frameBytes += resource.getSerializedSize();
        resources++;
    }

    private void flush() throws IOException {
        if (frame.getResourcesCount() > 0) {
            frame(frame.build().toByteArray());
        }
        frame.clear();
        frameBytes = 0;
    }

    private void frame(byte[] content) throws IOException {
        out.writeInt(content.length);
        out.write(content);
    }

    /** Makes it the snapshot; its size in bytes. */
    long commit() throws IOException {
        flush();
        out.writeInt(SnapshotFile.END);
        out.writeLong(resources);
        out.flush();
        int checksum = (int) sum.getValue();
        out.writeInt(checksum);
        out.flush();
        channel.force(true);
        bytes = channel.size();
        Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        committed = true;
        return bytes;
    }

    /** Without a commit nothing is left of it. */
    @Override
    public void close() throws IOException {
        channel.close();
        if (!committed) {
            Files.deleteIfExists(fresh);
        }
    }
}
