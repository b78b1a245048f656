package io.culvert.proxy.admin;

/** What this program is, under the names that the original's dump has for it. */
public record BuildVersion(String version, String gitRevision, String istioVersion) {

    /** From the jar's manifest where there is one. */
    public static BuildVersion current(String istioVersion) {
        String packaged = BuildVersion.class.getPackage().getImplementationVersion();
        String version = "culvert-" + (packaged == null ? "dev" : packaged);
        return new BuildVersion(version, version, istioVersion);
    }

    /** There is no Rust here; the key stays, because tools print it. */
    String runtime() {
        return "none (Java " + Runtime.version() + ")";
    }

    String cryptoProvider() {
        return "tls-boring";
    }

    /** The first line of the log. */
    @Override
    public String toString() {
        return "version.BuildInfo{Version:\"" + version + "\", GitRevision:\"" + gitRevision + "\", RustVersion:\""
                + runtime() + "\", BuildProfile:\"release\", BuildStatus:\"Clean\", IstioVersion:\"" + istioVersion
                + "\", CryptoProvider:\"" + cryptoProvider() + "\"}";
    }
}
