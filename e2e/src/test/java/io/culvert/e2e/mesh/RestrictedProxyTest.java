package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;
import io.culvert.testkit.workload.TcpResult;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The proxy runs as the original's chart runs it: three capabilities, a read-only root file system, little memory. */
@Tag("e2e")
final class RestrictedProxyTest {

    /** Mounts everything read-only but a tmpfs on /tmp, then drops all capabilities but the chart's, for good. */
    private static final String RESTRICT = """
            set -eu
            mount --make-rprivate /
            mount -t tmpfs -o size=64m tmpfs /mnt
            for m in $(awk '{print $2}' /proc/self/mounts); do
              case "$m" in /proc*|/sys*|/dev*|/mnt) ;; *) mount -o remount,bind,ro "$m" 2>/dev/null || true ;; esac
            done
            if touch /usr/.writable 2>/dev/null; then echo "the root file system is writable" >&2; exit 9; fi
            ulimit -v unlimited
            caps=-all,+net_admin,+sys_admin,+net_raw
            exec setpriv --bounding-set "$caps" --inh-caps "$caps" --no-new-privs -- "$@"
            """;

    @Test
    void threeCapabilitiesAReadOnlyRootAndLittleMemoryAreEnough() throws IOException {
        Programs.assumeMeshesCanRun();
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")), "not run: util-linux has no setpriv here");
        List<String> command = new ArrayList<>(List.of("unshare", "--mount", "bash", "-c", RESTRICT, "restricted"));
        for (String argument : Programs.proxy()) {
            command.add(
                    argument.startsWith("-Dio.netty.native.workdir=") ? "-Dio.netty.native.workdir=/mnt" : argument);
        }
        MeshSpec spec = MeshSpec.mesh("restricted")
                .namespace("default", namespace -> namespace.mesh(true))
                .node("one", node -> node.pod("client", pod -> {}))
                .node("two", node -> node.pod("server", pod -> pod.serves(Kind.ECHO, 7)))
                .build();
        try (Mesh mesh = Mesh.start(
                spec,
                Programs.options()
                        .proxyOn("one", command)
                        .proxyOn("two", command)
                        .build())) {
            TcpResult result = mesh.pod("client")
                    .tcp()
                    .exchange(mesh.pod("server").at(7), "ping".getBytes(StandardCharsets.US_ASCII));
            assertThat(result).isInstanceOf(TcpResult.Answered.class);
            assertThat(effectiveCapabilities(mesh.node("one").proxy().pid()))
                    .as("NET_ADMIN, NET_RAW and SYS_ADMIN (capability.h: 12, 13, 21)")
                    .isEqualTo((1L << 12) | (1L << 13) | (1L << 21));
        }
    }

    private static long effectiveCapabilities(long pid) throws IOException {
        return Files.readString(Path.of("/proc/" + pid + "/status"))
                .lines()
                .filter(line -> line.startsWith("CapEff:"))
                .mapToLong(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
                .findFirst()
                .orElseThrow();
    }
}
