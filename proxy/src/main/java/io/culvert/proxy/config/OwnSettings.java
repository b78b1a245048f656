package io.culvert.proxy.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Settings that ztunnel does not have (docs/SETTINGS.md).
 *
 * @param renewalJitter spread renewals around half life
 * @param bufferMib what the buffers of all data loops may have, in MiB; empty: by the size of the heap
 * @param dialRetries further endpoints that a connection tries when the first cannot be reached
 * @param endpointEjection how long those that could not be reached are kept away from
 */
public record OwnSettings(
        boolean renewalJitter,
        CertificateSource certificates,
        KeptIdentities keptIdentities,
        StateSnapshot stateSnapshot,
        Optional<Long> bufferMib,
        int dialRetries,
        Duration endpointEjection) {

    /** Empty where it is the kernel's business. */
    public static final String CONGESTION_CONTROL = "CULVERT_TUNNEL_CONGESTION_CONTROL";

    /** How much may wait for slow readers. */
    public static final String BUFFER_MIB = "CULVERT_BUFFER_MEMORY_MIB";

    private static final long BUFFER_MIB_MAX = 1 << 20;

    /** Where the name servers are written that the DNS proxy asks. */
    static final String RESOLV_CONF = "CULVERT_RESOLV_CONF";

    /** Their names, and those of the launcher's. */
    static final List<String> NAMES = List.of(
            "CULVERT_PROXY_JAVA_OPTS",
            "CULVERT_AGENT_JAVA_OPTS",
            "CULVERT_NATIVE_WORKDIR",
            "CULVERT_AOT_DIRECTORY",
            "CULVERT_PEER_ZTUNNEL",
            "CULVERT_CERT_RENEWAL_JITTER",
            "CULVERT_CERT_SOURCE",
            "CULVERT_CERT_DIR",
            "CULVERT_IDENTITY_DIR",
            "CULVERT_STATE_SNAPSHOT",
            "CULVERT_STATE_SNAPSHOT_MAX_AGE",
            "CULVERT_STATE_SNAPSHOT_GRACE",
            "CULVERT_STATE_SNAPSHOT_INTERVAL",
            "CULVERT_DIAL_RETRIES",
            "CULVERT_ENDPOINT_EJECTION",
            RESOLV_CONF,
            CONGESTION_CONTROL,
            BUFFER_MIB);

    /**
     * Names with the same prefix that other programs of this repository read: the launcher, the demo, the tests and the
     * node agent. Exported for those, they must not keep the proxy from starting.
     */
    static final List<String> OF_OTHER_PROGRAMS = List.of(
            "CULVERT_LAUNCHER_PID",
            "CULVERT_DEMO_START_LIMIT_S",
            "CULVERT_TEST_MAY_SKIP",
            "CULVERT_TESTKIT_LOG",
            "CULVERT_HOST_ROOT",
            "CULVERT_HEALTH_PORT",
            "CULVERT_ADMIN_PORT",
            "CULVERT_HOST_RULES",
            "CULVERT_CNI_INSTALL",
            "CULVERT_CNI_PLUGIN",
            "CULVERT_CNI_BIN_DIR",
            "CULVERT_SERVICE_ACCOUNT_DIR",
            "CULVERT_LOG_LEVEL");

    /** Two of three endpoints may be gone; more would make callers of a dead service wait. */
    private static final int DIAL_RETRIES = 2;

    private static final int DIAL_RETRIES_MAX = 10;
    /** As long as it takes the control plane, most often, to hear of a node's death or of a pod's new start. */
    private static final Duration EJECTION = Duration.ofSeconds(10);

    private static final Duration AGE_MAX = Duration.ofHours(24);
    private static final Duration GRACE = Duration.ofSeconds(10);
    private static final Duration INTERVAL = Duration.ofSeconds(30);

    /** Where workloads' certificates come from. */
    public sealed interface CertificateSource {
        /** Istio's authority, at CA_ADDRESS. */
        record Authority() implements CertificateSource {}

        /** A SPIFFE agent, by its socket. */
        record WorkloadApi(Path socket) implements CertificateSource {}

        /** Files that somebody else keeps fresh, in one directory or in those below it. */
        record Files(Path directory) implements CertificateSource {}
    }

    /** Where keys and certificates are kept for the next process. */
    public sealed interface KeptIdentities {
        /** Nowhere. */
        record Off() implements KeptIdentities {}

        /** A directory in memory that is its owner's alone. */
        record Kept(Path directory) implements KeptIdentities {}
    }

    /** Where the state of the mesh is kept for the next process. */
    public sealed interface StateSnapshot {
        /** Nowhere. */
        record Off() implements StateSnapshot {}

        /**
         * A file.
         *
         * @param ageMax an older one is not used
         * @param grace how long the control plane is waited for first
         * @param interval the least time between two writes
         */
        record Kept(Path file, Duration ageMax, Duration grace, Duration interval) implements StateSnapshot {}
    }

    static OwnSettings read(Environment env) throws ConfigException {
        return new OwnSettings(
                env.flag("CULVERT_CERT_RENEWAL_JITTER", true),
                source(env),
                directory(env),
                snapshot(env),
                env.optionalNumber(BUFFER_MIB, BUFFER_MIB_MAX),
                (int) env.number("CULVERT_DIAL_RETRIES", DIAL_RETRIES, DIAL_RETRIES_MAX),
                env.duration("CULVERT_ENDPOINT_EJECTION", EJECTION));
    }

    private static CertificateSource source(Environment env) throws ConfigException {
        String name = env.text("CULVERT_CERT_SOURCE", "ca");
        return switch (name) {
            case "ca" -> new CertificateSource.Authority();
            case "spiffe" -> new CertificateSource.WorkloadApi(socket(env));
            case "files" -> {
                String directory = env.text("CULVERT_CERT_DIR", "");
                if (directory.isEmpty()) {
                    throw ConfigException.invalid(
                            "CULVERT_CERT_DIR",
                            "",
                            "must name the directory of the certificates that" + " CULVERT_CERT_SOURCE=files means");
                }
                yield new CertificateSource.Files(env.path(directory));
            }
            default -> throw ConfigException.invalid("CULVERT_CERT_SOURCE", name, "expected ca, spiffe or files");
        };
    }

    /** The variable of the SPIFFE Workload Endpoint specification, section 4: unix:///path. */
    private static Path socket(Environment env) throws ConfigException {
        String name = "SPIFFE_ENDPOINT_SOCKET";
        String address = env.text(name, "");
        String prefix = "unix://";
        if (!address.startsWith(prefix + "/")) {
            throw ConfigException.invalid(
                    name,
                    address,
                    "expected unix:///path/of/the/agent's/socket, which CULVERT_CERT_SOURCE=spiffe needs");
        }
        return Path.of(address.substring(prefix.length()));
    }

    private static KeptIdentities directory(Environment env) {
        String directory = env.text("CULVERT_IDENTITY_DIR", "");
        return directory.isEmpty() ? new KeptIdentities.Off() : new KeptIdentities.Kept(env.path(directory));
    }

    private static StateSnapshot snapshot(Environment env) throws ConfigException {
        String file = env.text("CULVERT_STATE_SNAPSHOT", "");
        if (file.isEmpty()) {
            return new StateSnapshot.Off();
        }
        return new StateSnapshot.Kept(
                env.path(file),
                env.duration("CULVERT_STATE_SNAPSHOT_MAX_AGE", AGE_MAX),
                env.duration("CULVERT_STATE_SNAPSHOT_GRACE", GRACE),
                env.duration("CULVERT_STATE_SNAPSHOT_INTERVAL", INTERVAL));
    }
}
