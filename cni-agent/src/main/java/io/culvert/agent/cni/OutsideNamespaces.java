package io.culvert.agent.cni;

import io.culvert.agent.install.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Collection;

/**
 * Writes down, for the plugin, which namespaces are outside the mesh for certain: their pods start at once while the
 * agent is being replaced (src/main/c/outside.h has the layout). Written at every change and often besides, because it
 * says itself until when it holds: a namespace may come into the mesh while nobody is there to tell the plugin.
 */
public final class OutsideNamespaces {
    /** An agent is replaced within that, its image being there; who is away longer may have missed a label. */
    private static final Duration VALID = Duration.ofMinutes(2);

    private final Path file;
    private final Path proc;

    /**
     * Writes nothing yet.
     *
     * @param runDirectory the plugin's configuration names it
     * @param proc {@code /proc}; the time since boot and the boot's name are the whole machine's
     */
    public OutsideNamespaces(Path runDirectory, Path proc) {
        this.file = runDirectory.resolve("outside-namespaces");
        this.proc = proc;
    }

    /**
     * Replaces what was written.
     *
     * @throws IOException where it cannot be written; then what was there is gone, or will have ended soon
     */
    public void write(Collection<String> namespaces) throws IOException {
        StringBuilder text = new StringBuilder("culvert-outside-namespaces 1\nboot ");
        text.append(Files.readString(proc.resolve("sys/kernel/random/boot_id")).strip());
        text.append("\nuntil ").append(secondsSinceBoot() + VALID.toSeconds()).append('\n');
        namespaces.stream().sorted().forEach(namespace -> text.append(namespace).append('\n'));
        text.append("end\n");
        try {
            AtomicFile.write(
                    file,
                    text.toString().getBytes(StandardCharsets.UTF_8),
                    PosixFilePermissions.fromString("rw-------"));
        } catch (IOException e) {
            // An old file would say something of a namespace that has changed since.
            Files.deleteIfExists(file);
            throw e;
        }
    }

    /** CLOCK_BOOTTIME, which goes on while the machine sleeps (proc_uptime(5)). */
    private long secondsSinceBoot() throws IOException {
        String uptime = Files.readString(proc.resolve("uptime"));
        return Long.parseLong(uptime.substring(0, uptime.indexOf('.')));
    }
}
