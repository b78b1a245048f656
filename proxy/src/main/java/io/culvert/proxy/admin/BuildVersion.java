package io.culvert.proxy.admin;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/**
 * What this program is, under the names that the original's dump has for it.
 *
 * @param gitRevision forty digits, with "-dirty" behind them where files differed; "unknown" for a build of no checkout
 * @param istioVersion what the environment says, which is also the tag of the metric {@code istio_build}
 */
public record BuildVersion(String version, String gitRevision, String istioVersion) {

    /** Written by the build (launcher/stamp.sh). */
    private static final String STAMP = "build.properties";

    private static final String UNKNOWN = "unknown";

    /** What the build wrote down; "dev" and "unknown" where classes were compiled by other means. */
    public static BuildVersion current(String istioVersion) {
        Properties stamp = new Properties();
        try (InputStream file = BuildVersion.class.getResourceAsStream(STAMP)) {
            if (file != null) {
                stamp.load(file);
            }
        } catch (IOException e) {
            // A version that cannot be read keeps no proxy from its work.
            stamp.clear();
        }
        return new BuildVersion(
                "culvert-" + stamp.getProperty("version", "dev"), stamp.getProperty("revision", UNKNOWN), istioVersion);
    }

    /** There is no Rust here; the key stays, because tools print it. */
    String runtime() {
        return "none (Java " + Runtime.version() + ")";
    }

    /** In the original's words [ztunnel common/scripts/report_build_info.sh]. */
    String buildStatus() {
        if (gitRevision.equals(UNKNOWN)) {
            return "Unknown";
        }
        return gitRevision.endsWith("-dirty") ? "Modified" : "Clean";
    }

    String cryptoProvider() {
        return "tls-boring";
    }

    /** The first line of the log. */
    @Override
    public String toString() {
        return "version.BuildInfo{Version:\"" + version + "\", GitRevision:\"" + gitRevision + "\", RustVersion:\""
                + runtime() + "\", BuildProfile:\"release\", BuildStatus:\"" + buildStatus() + "\", IstioVersion:\""
                + istioVersion + "\", CryptoProvider:\"" + cryptoProvider() + "\"}";
    }
}
