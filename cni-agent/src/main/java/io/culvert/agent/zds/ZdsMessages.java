package io.culvert.agent.zds;

import com.google.protobuf.InvalidProtocolBufferException;
import io.culvert.agent.netns.WorkloadIdentity;
import io.culvert.agent.pod.PodUid;
import io.culvert.proto.zds.AddWorkload;
import io.culvert.proto.zds.DelWorkload;
import io.culvert.proto.zds.KeepWorkload;
import io.culvert.proto.zds.SnapshotSent;
import io.culvert.proto.zds.WorkloadInfo;
import io.culvert.proto.zds.WorkloadRequest;
import io.culvert.proto.zds.WorkloadResponse;
import io.culvert.proto.zds.ZdsHello;

/** ZDS records, written and read: one protobuf message each, no length before it [istio pkg/zdsapi/zds.proto]. */
final class ZdsMessages {
    /** Both ends receive into buffers of this size; what is longer is an error. */
    static final int RECORD_BYTES_MAX = 1024;

    private ZdsMessages() {}

    static byte[] add(PodUid uid, WorkloadIdentity identity) {
        return WorkloadRequest.newBuilder()
                .setAdd(AddWorkload.newBuilder()
                        .setUid(uid.value())
                        .setWorkloadInfo(WorkloadInfo.newBuilder()
                                .setName(identity.name())
                                .setNamespace(identity.namespace())
                                .setServiceAccount(identity.serviceAccount())))
                .build()
                .toByteArray();
    }

    static byte[] keep(PodUid uid) {
        return WorkloadRequest.newBuilder()
                .setKeep(KeepWorkload.newBuilder().setUid(uid.value()))
                .build()
                .toByteArray();
    }

    static byte[] remove(PodUid uid) {
        return WorkloadRequest.newBuilder()
                .setDel(DelWorkload.newBuilder().setUid(uid.value()))
                .build()
                .toByteArray();
    }

    static byte[] snapshotSent() {
        return WorkloadRequest.newBuilder()
                .setSnapshotSent(SnapshotSent.getDefaultInstance())
                .build()
                .toByteArray();
    }

    /**
     * Reads the first record.
     *
     * @return the version that the proxy speaks; only for the log, as in the original
     * @throws ProxyException where the record is no hello
     */
    static int helloVersion(byte[] record) throws ProxyException {
        try {
            return ZdsHello.parseFrom(record).getVersionValue();
        } catch (InvalidProtocolBufferException e) {
            throw new ProxyException("its first record is no ZDS hello", e);
        }
    }

    /**
     * Reads an answer.
     *
     * @return the error that the proxy answered with; empty for success
     * @throws ProxyException where the record is no answer
     */
    static String answerError(byte[] record) throws ProxyException {
        try {
            WorkloadResponse response = WorkloadResponse.parseFrom(record);
            if (response.hasAck()) {
                return response.getAck().getError();
            }
        } catch (InvalidProtocolBufferException e) {
            throw new ProxyException("it answered with a record that is not a ZDS response", e);
        }
        throw new ProxyException("it answered with a ZDS response without ack");
    }
}
