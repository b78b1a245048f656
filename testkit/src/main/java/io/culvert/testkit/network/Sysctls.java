package io.culvert.testkit.network;

import io.culvert.linux.Netns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Kernel settings of one network namespace. {@code /proc/sys/net} shows the namespace of the thread that looks, so each
 * write happens inside.
 */
final class Sysctls {
    private static final Path NET = Path.of("/proc/sys/net");

    /** A router for its pods, in both families. */
    static final List<Setting> FORWARDING =
            List.of(new Setting("ipv4/ip_forward", "1"), new Setting("ipv6/conf/all/forwarding", "1"));

    /** Addresses are usable at once, and nobody asks for routers that there are not. */
    static final List<Setting> QUIET_V6 = List.of(
            new Setting("ipv6/conf/default/accept_dad", "0"),
            new Setting("ipv6/conf/default/accept_ra", "0"),
            new Setting("ipv6/conf/default/router_solicitations", "0"));

    private Sysctls() {}

    static void write(Netns netns, List<Setting> settings) throws IOException {
        for (Setting setting : settings) {
            netns.<Path, IOException>call(() -> write(setting));
        }
    }

    private static Path write(Setting setting) throws IOException {
        Path file = NET.resolve(setting.key());
        try {
            return Files.writeString(file, setting.value());
        } catch (IOException failure) {
            throw new IOException(
                    "cannot set " + file + " to " + setting.value() + " (" + failure
                            + "): /proc/sys/net must be writable",
                    failure);
        }
    }

    /** @param key path below /proc/sys/net */
    record Setting(String key, String value) {}
}
