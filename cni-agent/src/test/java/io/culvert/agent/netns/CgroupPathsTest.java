package io.culvert.agent.netns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CgroupPathsTest {
    private static final String UID = "2c48913c-b29f-11e7-9350-020968147796";
    private static final String ID = "9bca8d63d5fa610783847915bcff0ecac1273e5b4bed3f6fa1b07350e0135961";
    private static final String UNDERSCORED = UID.replace('-', '_');

    @ParameterizedTest
    @ValueSource(
            strings = {
                "11:hugetlb:/kubepods/burstable/pod" + UID + "/" + ID,
                "0::/kubepods/pod" + UID + "/" + ID,
                "0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod%s.slice/cri-containerd-" + ID
                        + ".scope",
                "0::/kubepods.slice/kubepods-pod%s.slice/docker-" + ID + ".scope",
                "0::/kubepods.slice/kubepods-pod%s.slice:cri-containerd:" + ID,
                "0::/../../pod" + UID + "/" + ID,
                "0::/docker/deadbeef/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod%s.slice/"
                        + "cri-containerd-" + ID + ".scope",
                "1:name=systemd:/kubepods/besteffort/pod" + UID + "/" + ID,
            })
    void findsThePodInEveryShape(String line) throws Exception {
        assertThat(CgroupPaths.podUid(List.of(line.replace("%s", UNDERSCORED)))).contains(UID);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0::/",
                "0::/user.slice/user-0.slice/session-1.scope",
                "0::/system.slice/kubelet.service",
                "0::/kubepods.slice/kubepods-besteffort.slice/crio-" + ID + ".scope",
                "0::/kubepods/pod" + UID,
                "0::/kubepods/pod2c48913c-b29f-11e7-9350/" + ID,
            })
    void findsNoPodWhereThereIsNone(String line) throws Exception {
        assertThat(CgroupPaths.podUid(List.of(line))).isEmpty();
    }

    @Test
    void findsNoPodInNoLines() throws Exception {
        assertThat(CgroupPaths.podUid(List.of())).isEmpty();
    }

    @Test
    void acceptsLinesThatAgree() throws Exception {
        assertThat(CgroupPaths.podUid(List.of(
                        "2:cpu:/kubepods/pod" + UID + "/" + ID,
                        "1:name=systemd:/",
                        "0::/kubepods/pod" + UID + "/" + ID)))
                .contains(UID);
    }

    @Test
    void refusesTwoContainers() {
        assertThatThrownBy(() -> CgroupPaths.podUid(List.of(
                        "2:cpu:/kubepods/pod" + UID + "/" + ID,
                        "1:mem:/kubepods/pod" + UID + "/" + ID.replace('9', '8'))))
                .hasMessageContaining("multiple container IDs");
    }

    @Test
    void refusesTwoPods() {
        assertThatThrownBy(() -> CgroupPaths.podUid(List.of(
                        "2:cpu:/kubepods/pod" + UID + "/" + ID,
                        "1:mem:/kubepods/pod" + UID.replace('9', '8') + "/" + ID)))
                .hasMessageContaining("multiple pod UIDs");
    }

    @Test
    void refusesMalformedAndOversizedLines() {
        assertThatThrownBy(() -> CgroupPaths.podUid(List.of("garbage")))
                .isInstanceOf(CgroupPaths.AmbiguousCgroupException.class);
        assertThatThrownBy(() -> CgroupPaths.podUid(List.of("0::/" + "x".repeat(9000))))
                .isInstanceOf(CgroupPaths.AmbiguousCgroupException.class);
    }
}
