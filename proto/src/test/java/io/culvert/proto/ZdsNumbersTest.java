package io.culvert.proto;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proto.zds.AddWorkload;
import io.culvert.proto.zds.DelWorkload;
import io.culvert.proto.zds.KeepWorkload;
import io.culvert.proto.zds.SnapshotSent;
import io.culvert.proto.zds.Version;
import io.culvert.proto.zds.WorkloadInfo;
import io.culvert.proto.zds.WorkloadRequest;
import io.culvert.proto.zds.ZdsHello;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** The bytes of ZDS, whose numbers are not what one would guess (istio pkg/zdsapi/zds.proto). */
final class ZdsNumbersTest {
    private static String hex(com.google.protobuf.MessageLite message) {
        return HexFormat.of().formatHex(message.toByteArray());
    }

    @Test
    void helloIsVersionOne() {
        assertThat(hex(ZdsHello.newBuilder().setVersion(Version.V1).build())).isEqualTo("0801");
    }

    @Test
    void uidOfARemovalIsFieldTwo() {
        var request = WorkloadRequest.newBuilder()
                .setDel(DelWorkload.newBuilder().setUid("u"))
                .build();
        assertThat(hex(request)).isEqualTo("1203" + "120175");
    }

    @Test
    void keepIsNumberFive() {
        var request = WorkloadRequest.newBuilder()
                .setKeep(KeepWorkload.newBuilder().setUid("u"))
                .build();
        assertThat(hex(request)).isEqualTo("2a03" + "0a0175");
    }

    @Test
    void snapshotSentIsNumberThreeAndEmpty() {
        var request = WorkloadRequest.newBuilder()
                .setSnapshotSent(SnapshotSent.getDefaultInstance())
                .build();
        assertThat(hex(request)).isEqualTo("1a00");
    }

    @Test
    void addCarriesUidAndInfo() {
        var request = WorkloadRequest.newBuilder()
                .setAdd(AddWorkload.newBuilder()
                        .setUid("u")
                        .setWorkloadInfo(WorkloadInfo.newBuilder()
                                .setName("n")
                                .setNamespace("s")
                                .setServiceAccount("a")))
                .build();
        assertThat(hex(request)).isEqualTo("0a0e" + "0a0175" + "1209" + "0a016e" + "120173" + "1a0161");
    }
}
