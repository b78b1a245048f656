package io.culvert.proxy.config;

import io.culvert.proxy.inpod.PodSocketSettings;
import io.culvert.proxy.routing.ProxyPorts;
import io.culvert.proxy.telemetry.log.LogFilter;
import io.culvert.proxy.telemetry.log.LogFormat;
import io.culvert.xds.channel.TlsProfile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Reads {@link ProxyConfig} as ztunnel's {@code config.rs:construct_config} does: mesh file, then PROXY_CONFIG, then
 * the environment. A value that cannot be understood ends the start, with a message that names it; where the original
 * takes it for another one instead, so does this, with a warning.
 */
public final class ConfigReader {

    private static final String OWN_PREFIX = "CULVERT_";
    private static final String DEFAULT_ROOT = "./var/run/secrets/istio/root-cert.pem";
    private static final String DEFAULT_TOKEN = "./var/run/secrets/tokens/istio-token";
    private static final String MESH_FILE = "./etc/istio/config/mesh";
    private static final int READINESS_PORT = 15_021;
    private static final long U32_MAX = 0xffff_ffffL;
    private static final int PORT_MAX = 65_535;
    private static final int SHARED_MARK = 1337;
    /** RFC 9113 section 6.5.2: bounds of SETTINGS_INITIAL_WINDOW_SIZE and SETTINGS_MAX_FRAME_SIZE. */
    private static final int WINDOW_MAX = Integer.MAX_VALUE;
    /** Linux PATH_MAX: a longer text is not even looked for. */
    private static final int PATH_CHARS_MAX = 4096;

    private static final int FRAME_MIN = 16_384;
    private static final int FRAME_MAX = (1 << 24) - 1;

    private final Environment env;
    private final MeshConfigFile mesh;
    private final int cpus;

    private ConfigReader(Environment env, MeshConfigFile mesh, int cpus) {
        this.env = env;
        this.mesh = mesh;
        this.cpus = cpus;
    }

    /**
     * Reads and validates everything.
     *
     * @param variables the environment
     * @param workingDirectory from which relative paths count
     * @param cpus logical processors of this machine
     * @param warnings takes what the operator should know though the start goes on, a line each
     */
    public static ProxyConfig read(
            Map<String, String> variables, Path workingDirectory, int cpus, Consumer<String> warnings)
            throws ConfigException {
        Environment env = new Environment(variables, workingDirectory, warnings);
        MeshConfigFile mesh = MeshConfigFile.read(env.path(MESH_FILE), env.text("PROXY_CONFIG", ""));
        return new ConfigReader(env, mesh, cpus).read();
    }

    private ProxyConfig read() throws ConfigException {
        refuseUnknownOwnVariables();
        Map<String, String> metadata = new TreeMap<>(mesh.metadata());
        metadata.putAll(env.withPrefix("ISTIO_META_"));
        ProxyConfig.Features features = features(metadata);
        ProxyConfig config = new ProxyConfig(
                features,
                node(features.mode()),
                xds(),
                ca(features.fakeCa()),
                credentials(),
                tunnel(),
                inpod(features.mode()),
                ports(features.socks5()),
                dns(metadata),
                local(),
                logging(),
                new WorkerThreads(env, mesh.concurrency(), cpus).count(),
                terminationDeadline(),
                metadata,
                OwnSettings.read(env));
        validate(config);
        warnOfMissingToken(config);
        return config;
    }

    private void refuseUnknownOwnVariables() throws ConfigException {
        for (Map.Entry<String, String> own : env.withPrefix(OWN_PREFIX).entrySet()) {
            String name = OWN_PREFIX + own.getKey();
            if (!OwnSettings.NAMES.contains(name) && !OwnSettings.OF_OTHER_PROGRAMS.contains(name)) {
                throw ConfigException.invalid(
                        name, own.getValue(), "there is no such setting; known are " + OwnSettings.NAMES);
            }
        }
    }

    private ProxyConfig.Features features(Map<String, String> metadata) throws ConfigException {
        ProxyConfig.Mode mode = env.parse(
                        "PROXY_MODE", "PROXY_MODE must be one of dedicated, shared", ConfigReader::mode)
                .orElse(ProxyConfig.Mode.SHARED);
        String policy = env.text("COMPLIANCE_POLICY", "");
        boolean pqc = policy.equals("pqc");
        if (!pqc && !policy.isEmpty()) {
            // Other programs of Istio know others, such as fips-140-2; nothing here is certified.
            env.warnOfUnknown("COMPLIANCE_POLICY", policy, "no policy", "pqc");
        }
        return new ProxyConfig.Features(
                env.flag("ENABLE_PROXY", true),
                dnsCapture(metadata),
                env.flag("UNSTABLE_ENABLE_SOCKS5", false),
                mode,
                env.flag("XDS_ON_DEMAND", false),
                env.flag("FAKE_CA", false),
                env.flag("LOCALHOST_APP_TUNNEL", true),
                env.flag("ENABLE_RESPONSE_BAGGAGE", true),
                new TlsProfile(env.lenientFlag("TLS12_ENABLED"), pqc),
                env.lenientFlag("AUTHZ_POLICY_INFO_LOGGING"));
    }

    private boolean dnsCapture(Map<String, String> metadata) {
        String value = metadata.getOrDefault("DNS_CAPTURE", "true");
        boolean on = value.equalsIgnoreCase("true");
        if (!on && !value.equalsIgnoreCase("false")) {
            boolean fromEnvironment = env.text("ISTIO_META_DNS_CAPTURE").isPresent();
            String name = fromEnvironment ? "ISTIO_META_DNS_CAPTURE" : "PROXY_CONFIG: proxyMetadata.DNS_CAPTURE";
            env.warnOfUnknown(name, value, "false", "true or false");
        }
        return on;
    }

    private ProxyConfig.Dns dns(Map<String, String> metadata) throws ConfigException {
        String address = metadata.getOrDefault("DNS_PROXY_ADDR", "localhost:" + ProxyPorts.DNS);
        return new ProxyConfig.Dns(
                DnsAddress.parse(address), env.path(env.text(OwnSettings.RESOLV_CONF, "/etc/resolv.conf")));
    }

    private ProxyConfig.Logging logging() {
        String format = env.text("LOG_FORMAT", "plain");
        if (!LogFormat.isKnown(format)) {
            env.warnOfUnknown("LOG_FORMAT", format, "plain", "plain or json");
        }
        String filter = env.text("RUST_LOG", "info");
        if (!LogFilter.isLegible(filter)) {
            env.warnOfUnknown("RUST_LOG", filter, "info", "a level such as debug, or target=level,target=level");
        }
        return new ProxyConfig.Logging(filter, LogFormat.parse(format));
    }

    private static Optional<ProxyConfig.Mode> mode(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "shared" -> Optional.of(ProxyConfig.Mode.SHARED);
            case "dedicated" -> Optional.of(ProxyConfig.Mode.DEDICATED);
            default -> Optional.empty();
        };
    }

    private ProxyConfig.Node node(ProxyConfig.Mode mode) throws ConfigException {
        String workload = env.text("PROXY_WORKLOAD_INFO", "");
        if (mode == ProxyConfig.Mode.DEDICATED || !workload.isEmpty()) {
            boolean complete = workload.split("/", -1).length == 3;
            if (!complete) {
                throw ConfigException.invalid(
                        "PROXY_WORKLOAD_INFO", workload, "must match format 'namespace/name/service-account'");
            }
        }
        return new ProxyConfig.Node(
                env.text("NODE_NAME", ""),
                env.text("NETWORK", ""),
                env.text("ISTIO_META_CLUSTER_ID")
                        .or(() -> env.text("CLUSTER_ID"))
                        .orElse("Kubernetes"),
                env.text("CLUSTER_DOMAIN", "cluster.local"),
                env.text("POD_NAME", ""),
                env.text("POD_NAMESPACE", ""),
                env.text("INSTANCE_IP", "1.1.1.1"),
                env.text("SERVICE_ACCOUNT", ""),
                env.text("TRUST_DOMAIN", "cluster.local"),
                env.text("PREFERED_SERVICE_NAMESPACE", ""),
                env.text("ISTIO_META_ISTIO_VERSION", "unknown"),
                workload);
    }

    private ProxyConfig.ControlPlane xds() throws ConfigException {
        String fallback = mesh.discoveryAddress().isEmpty() ? defaultIstiod() : mesh.discoveryAddress();
        return new ProxyConfig.ControlPlane(
                uri("XDS_ADDRESS", env.text("XDS_ADDRESS", fallback)),
                root("XDS_ROOT_CA"),
                env.text("ALT_XDS_HOSTNAME", ""),
                headers("XDS_HEADER_"));
    }

    private ProxyConfig.ControlPlane ca(boolean fakeCa) throws ConfigException {
        String address = fakeCa ? "" : uri("CA_ADDRESS", env.text("CA_ADDRESS", defaultIstiod()));
        if (!fakeCa && address.isEmpty()) {
            throw ConfigException.invalid("CA_ADDRESS", "", "must be set: certificates come from there");
        }
        return new ProxyConfig.ControlPlane(
                address, root("CA_ROOT_CA"), env.text("ALT_CA_HOSTNAME", ""), headers("CA_HEADER_"));
    }

    private String defaultIstiod() {
        return env.text("KUBERNETES_SERVICE_HOST").isPresent()
                ? "https://istiod.istio-system.svc:15012"
                : "https://localhost:15012";
    }

    private static String uri(String name, String text) throws ConfigException {
        if (text.isEmpty()) {
            return "";
        }
        String uri = text.contains("://") ? text : "https://" + text;
        if (!UriCheck.isServer(uri)) {
            throw ConfigException.invalid(name, text, "invalid uri: expected host:port or https://host:port");
        }
        return uri;
    }

    private ProxyConfig.RootCert root(String name) {
        String text = env.text(name, DEFAULT_ROOT);
        if (text.equals("SYSTEM")) {
            return new ProxyConfig.RootCert.SystemRoots();
        }
        // A path that does not exist is told as such when it is read, rather than taken for a certificate.
        return text.contains("-----BEGIN")
                ? new ProxyConfig.RootCert.Inline(text)
                : new ProxyConfig.RootCert.File(env.path(text));
    }

    private Map<String, String> headers(String prefix) throws ConfigException {
        Map<String, String> headers = new TreeMap<>();
        for (Map.Entry<String, String> header : env.withPrefix(prefix).entrySet()) {
            String name = header.getKey().toLowerCase(Locale.ROOT);
            if (!UriCheck.isHeaderName(name)) {
                throw new ConfigException("failed to parse header key: " + prefix + header.getKey());
            }
            if (!UriCheck.isHeaderValue(header.getValue())) {
                throw new ConfigException("failed to parse header value: of " + prefix + header.getKey());
            }
            headers.put(name, header.getValue());
        }
        return headers;
    }

    private ProxyConfig.Credentials credentials() throws ConfigException {
        return new ProxyConfig.Credentials(
                token(), env.duration("SECRET_TTL", Duration.ofHours(24)), env.text("CRL_PATH", ""));
    }

    private ProxyConfig.Token token() {
        String token = env.text("AUTH_TOKEN", "");
        if (token.isEmpty()) {
            Path path = env.path(DEFAULT_TOKEN);
            return Files.exists(path) ? new ProxyConfig.Token.File(path) : new ProxyConfig.Token.None();
        }
        // What looks like a path is one, there or not: the original would send the path itself for a token.
        boolean file = token.startsWith("/") || token.startsWith("./") || isFile(token);
        return file ? new ProxyConfig.Token.File(env.path(token)) : new ProxyConfig.Token.Literal(token);
    }

    private void warnOfMissingToken(ProxyConfig config) {
        boolean asks = config.xds().isEnabled() || config.ca().isEnabled();
        if (asks && config.credentials().token() instanceof ProxyConfig.Token.None) {
            env.warn("token file " + env.path(DEFAULT_TOKEN).toAbsolutePath()
                    + " is missing, so the control plane is asked without a token: mount a projected service account"
                    + " token (audience istio-ca) there, or set AUTH_TOKEN");
        }
    }

    private boolean isFile(String token) {
        return token.length() < PATH_CHARS_MAX && token.indexOf('\0') < 0 && Files.exists(env.path(token));
    }

    private ProxyConfig.Tunnel tunnel() throws ConfigException {
        int frame = (int) env.number("HTTP2_FRAME_SIZE", 1_048_576, FRAME_MAX);
        if (frame < FRAME_MIN) {
            throw ConfigException.invalid(
                    "HTTP2_FRAME_SIZE", String.valueOf(frame), "must be between 16384 and 16777215");
        }
        return new ProxyConfig.Tunnel(
                (int) env.number("HTTP2_STREAM_WINDOW_SIZE", 4_194_304, WINDOW_MAX),
                (int) env.number("HTTP2_CONNECTION_WINDOW_SIZE", 16_777_216, WINDOW_MAX),
                frame,
                (int) env.number("POOL_MAX_STREAMS_PER_CONNECTION", 100, PORT_MAX),
                env.duration("POOL_UNUSED_RELEASE_TIMEOUT", Duration.ofMinutes(5)));
    }

    private ProxyConfig.Inpod inpod(ProxyConfig.Mode mode) throws ConfigException {
        int defaultMark = mode == ProxyConfig.Mode.SHARED ? SHARED_MARK : 0;
        PodSocketSettings.Transparency transparency = env.optionalFlag("ENABLE_ORIG_SRC")
                .map(on -> on ? PodSocketSettings.Transparency.REQUIRED : PodSocketSettings.Transparency.OFF)
                .orElse(PodSocketSettings.Transparency.BEST_EFFORT);
        PodSocketSettings.Keepalive keepalive = new PodSocketSettings.Keepalive(
                env.flag("KEEPALIVE_ENABLED", true),
                env.duration("KEEPALIVE_TIME", Duration.ofMinutes(3)),
                env.duration("KEEPALIVE_INTERVAL", Duration.ofMinutes(3)),
                (int) env.number("KEEPALIVE_RETRIES", 9, U32_MAX),
                env.flag("USER_TIMEOUT_ENABLED", false));
        return new ProxyConfig.Inpod(
                env.path(env.text("INPOD_UDS", "/var/run/ztunnel/ztunnel.sock")),
                new PodSocketSettings(
                        env.flag("IPV6_ENABLED", true),
                        (int) env.number("PACKET_MARK", defaultMark, U32_MAX),
                        env.flag("INPOD_PORT_REUSE", true),
                        transparency,
                        env.text(OwnSettings.CONGESTION_CONTROL, ""),
                        keepalive));
    }

    private ProxyConfig.Ports ports(boolean socks5) throws ConfigException {
        return new ProxyConfig.Ports(
                mesh.adminPort(),
                mesh.statsPort(),
                READINESS_PORT,
                env.flag("IPV6_ENABLED", true),
                ProxyPorts.of(socks5));
    }

    private ProxyConfig.Local local() throws ConfigException {
        Optional<String> path = env.text("LOCAL_XDS_PATH").filter(text -> !text.isEmpty());
        Optional<String> inline = env.text("LOCAL_XDS").filter(text -> !text.isEmpty());
        if (path.isPresent() && inline.isPresent()) {
            throw new ConfigException("invalid configuration: only one of LOCAL_XDS_PATH or LOCAL_XDS may be set");
        }
        if (path.isPresent()) {
            return new ProxyConfig.Local.File(env.path(path.get()));
        }
        return inline.<ProxyConfig.Local>map(ProxyConfig.Local.Inline::new).orElseGet(ProxyConfig.Local.None::new);
    }

    /** The kubelet kills after the grace period: be done some seconds before. */
    private Duration terminationDeadline() throws ConfigException {
        Optional<Duration> explicit = env.optionalDuration("CONNECTION_TERMINATION_DEADLINE");
        if (explicit.isPresent()) {
            return explicit.get();
        }
        Optional<Long> grace = env.optionalNumber("TERMINATION_GRACE_PERIOD_SECONDS", U32_MAX);
        return Duration.ofSeconds(grace.map(seconds -> seconds > 10 ? seconds - 5 : Math.max(seconds - 1, 1))
                .orElse(5L));
    }

    private static void validate(ProxyConfig config) throws ConfigException {
        ProxyConfig.Features features = config.features();
        if (!features.proxy() && !features.dnsProxy()) {
            throw new ConfigException("invalid configuration: at least one of ENABLE_PROXY and DNS_CAPTURE must be on");
        }
        if (features.onDemandXds() && features.dnsProxy()) {
            throw new ConfigException(
                    "invalid configuration: XDS_ON_DEMAND cannot serve the DNS proxy; switch one off");
        }
    }
}
