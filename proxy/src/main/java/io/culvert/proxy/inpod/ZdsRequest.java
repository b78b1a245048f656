package io.culvert.proxy.inpod;

import com.google.protobuf.InvalidProtocolBufferException;
import io.culvert.linux.Fd;
import io.culvert.linux.KernelException;
import io.culvert.linux.Netns;
import io.culvert.linux.SeqpacketSocket;
import io.culvert.proto.zds.WorkloadInfo;
import io.culvert.proto.zds.WorkloadRequest;
import io.culvert.proxy.routing.WorkloadRef;
import java.io.IOException;
import java.util.List;

/** One record from the node agent, parsed (ztunnel inpod/protocol.rs). */
sealed interface ZdsRequest {

    /** A pod with its namespace, which whoever takes the request owns. */
    record Add(WorkloadUid uid, WorkloadRef workload, Netns netns) implements ZdsRequest {}

    /** An Add that does not say whose pod it is: legible, but against the protocol. */
    record AddWithoutInfo(WorkloadUid uid) implements ZdsRequest {}

    record Keep(WorkloadUid uid) implements ZdsRequest {}

    record Del(WorkloadUid uid) implements ZdsRequest {}

    record SnapshotSent() implements ZdsRequest {}

    /** What came with an Add is something else than a network namespace. */
    final class WrongDescriptorException extends IOException {
        private static final long serialVersionUID = 1L;

        WrongDescriptorException(String message, KernelException cause) {
            super(message, cause);
        }
    }

    /**
     * Reads a record and takes over its descriptors; those that are not handed on are closed, whatever happens.
     *
     * @throws IOException if it is not a request, or its descriptors do not fit it
     */
    static ZdsRequest parse(SeqpacketSocket.Record record) throws IOException {
        try {
            WorkloadRequest request = WorkloadRequest.parseFrom(record.bytes());
            if (request.getPayloadCase() == WorkloadRequest.PayloadCase.ADD) {
                return add(request, record.fds());
            }
            if (!record.fds().isEmpty()) {
                throw new IOException(
                        "protocol error: a descriptor came with " + request.getPayloadCase() + ", which takes none");
            }
            return withoutDescriptor(request);
        } catch (InvalidProtocolBufferException e) {
            record.closeFds();
            throw new IOException("not a WorkloadRequest: " + e.getMessage(), e);
        } catch (IOException | RuntimeException e) {
            record.closeFds();
            throw e;
        }
    }

    private static ZdsRequest add(WorkloadRequest request, List<Fd> fds) throws IOException {
        if (fds.size() != 1) {
            throw new IOException(
                    "protocol error: Add carries one descriptor, the pod's network namespace; got " + fds.size());
        }
        WorkloadUid uid = new WorkloadUid(request.getAdd().getUid());
        Netns netns = adopt(fds.getFirst());
        if (!request.getAdd().hasWorkloadInfo()) {
            netns.close();
            return new AddWithoutInfo(uid);
        }
        WorkloadInfo info = request.getAdd().getWorkloadInfo();
        return new Add(uid, new WorkloadRef(info.getName(), info.getNamespace(), info.getServiceAccount()), netns);
    }

    private static Netns adopt(Fd fd) throws IOException {
        try {
            return Netns.adopt(fd);
        } catch (KernelException e) {
            throw new WrongDescriptorException("the descriptor of Add is no network namespace: " + e.getMessage(), e);
        }
    }

    private static ZdsRequest withoutDescriptor(WorkloadRequest request) throws IOException {
        return switch (request.getPayloadCase()) {
            case KEEP -> new Keep(new WorkloadUid(request.getKeep().getUid()));
            case DEL -> new Del(new WorkloadUid(request.getDel().getUid()));
            case SNAPSHOT_SENT -> new SnapshotSent();
            case ADD, PAYLOAD_NOT_SET -> throw new IOException("protocol error: a request without a payload");
        };
    }
}
