package io.culvert.e2e.recorded;

import io.culvert.e2e.mesh.Programs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The recordings, and their addresses in our mesh: the pods of a node have the same number, in another network. */
final class Golden {
    private static final Path FILES = Programs.root().resolve("proxy/src/test/resources/golden");

    /** An address of a0's network that nobody has. */
    static final String NOBODY = "10.100.1.77";
    /** The client outside the mesh: the node in the recording, here a pod that is not enrolled. */
    static final String OUTSIDER = "10.100.2.12";

    private Golden() {}

    /** A recording as it was made. */
    static String text(String file) {
        try {
            return Files.readString(FILES.resolve(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<String> lines(String file) {
        return text(file).lines().toList();
    }

    /** The same text with our addresses. */
    static String inMesh(String recorded) {
        return recorded.replace("10.61.77.77", NOBODY)
                .replace("10.61.0.1:", OUTSIDER + ":")
                .replace("10.61.1.", "10.100.1.")
                .replace("10.61.2.", "10.100.2.");
    }

    /** Text of ours with the recording's addresses. */
    static String asRecorded(String ours) {
        return ours.replace(NOBODY, "10.61.77.77")
                .replace(OUTSIDER + ":", "10.61.0.1:")
                .replace("10.100.1.", "10.61.1.")
                .replace("10.100.2.", "10.61.2.");
    }

    /** A line of an access log without what no two runs share: time, ephemeral port, duration. */
    static String comparable(String line) {
        return asRecorded(line)
                .replaceFirst("^\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z", "TIME")
                .replaceFirst("\"time\":\"\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z\"", "\"time\":\"TIME\"")
                .replaceFirst("(src\\.addr\"?[=:]\"?[0-9.]+):\\d+", "$1:PORT")
                .replaceFirst("(duration\"?[=:])\"\\d+ms\"", "$1\"DURATIONms\"");
    }
}
