package io.culvert.e2e.recorded;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.e2e.mesh.Programs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The recorded calls once more, with LOG_FORMAT=json. */
@Tag("e2e")
final class RecordedJsonTest {

    @TempDir
    private Path directory;

    @Test
    void theAccessLogsAreTheRecordedOnes() throws IOException {
        Programs.assumeMeshesCanRun();
        try (RecordedMesh mesh = RecordedMesh.start(
                directory, Golden.text("ztunnel/mesh.yaml"), Set.of(), Map.of("LOG_FORMAT", "json"))) {
            RecordedCalls calls = RecordedCalls.make(mesh);
            for (String node : new String[] {"a", "b"}) {
                assertThat(calls.lines("node-" + node))
                        .as(node)
                        .map(Golden::comparable)
                        .isEqualTo(Golden.lines("ztunnel/access-" + node + "-json.txt").stream()
                                .map(Golden::comparable)
                                .toList());
            }
        }
    }
}
