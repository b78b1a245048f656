package io.culvert.testkit.network;

import io.culvert.testkit.process.PodCgroup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Clears up after meshes that were killed before they could: processes, names, cgroups, files. */
public final class Leftovers {
    private static final Logger log = LoggerFactory.getLogger(Leftovers.class);

    private Leftovers() {}

    /**
     * Looks for directories without an owner, and removes what belongs to them. Every start of a mesh does that first.
     */
    public static int sweep() {
        List<Path> abandoned = RunDirectory.abandoned();
        for (Path run : abandoned) {
            log.info("clearing up after a mesh that was killed: {}", run);
            killProcessesIn(run);
            NamedNetns.leftBy(run).forEach(NamedNetns::remove);
            PodCgroup.sweep(String.valueOf(run.getFileName()));
            RunDirectory.deleteTree(run);
        }
        return abandoned.size();
    }

    /**
     * Children work in the run directory, so nobody else's process is hit. Only children that had no parent-death
     * signal are still there.
     */
    private static void killProcessesIn(Path run) {
        ProcessHandle.allProcesses()
                .filter(process -> worksIn(process.pid(), run))
                .forEach(ProcessHandle::destroyForcibly);
    }

    private static boolean worksIn(long pid, Path run) {
        try {
            return Files.readSymbolicLink(Path.of("/proc", Long.toString(pid), "cwd"))
                    .startsWith(run);
        } catch (IOException notOurs) {
            return false;
        }
    }
}
