package io.culvert.proxy.config;

import io.culvert.proxy.inpod.PodSocketSettings;
import io.culvert.proxy.routing.ProxyPorts;
import io.culvert.proxy.telemetry.log.LogFormat;
import io.culvert.xds.channel.TlsProfile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/**
 * Every effective setting (ztunnel config.rs:Config), grouped by who needs it. Texts that may be absent are empty then.
 *
 * @param workerThreads event loops of the data plane, at least 1
 * @param terminationDeadline how long connections may go on after SIGTERM
 * @param proxyMetadata of the ProxyConfig and ISTIO_META_ variables; becomes part of the xDS node
 */
public record ProxyConfig(
        Features features,
        Node node,
        ControlPlane xds,
        ControlPlane ca,
        Credentials credentials,
        Tunnel tunnel,
        Inpod inpod,
        Ports ports,
        Dns dns,
        Local local,
        Logging logging,
        int workerThreads,
        Duration terminationDeadline,
        Map<String, String> proxyMetadata,
        OwnSettings own) {

    public ProxyConfig {
        proxyMetadata = Map.copyOf(proxyMetadata);
    }

    /**
     * Switches.
     *
     * @param mode shared: one proxy for all pods of the node
     * @param responseBaggage answer CONNECT with baggage, and believe that of requests for telemetry
     */
    public record Features(
            boolean proxy,
            boolean dnsProxy,
            boolean socks5,
            Mode mode,
            boolean onDemandXds,
            boolean fakeCa,
            boolean localhostAppTunnel,
            boolean responseBaggage,
            TlsProfile tls,
            boolean policyDecisionsAtInfo) {}

    /** PROXY_MODE. */
    public enum Mode {
        SHARED,
        DEDICATED
    }

    /**
     * Who and where we are.
     *
     * @param localNode empty: all workloads are local
     * @param network empty: the network has no name
     * @param preferredServiceNamespace tie-break of the DNS proxy
     * @param istioVersion for metrics and dump; "unknown" if nobody says
     * @param proxyWorkload namespace/name/account in dedicated mode, else empty
     */
    public record Node(
            String localNode,
            String network,
            String clusterId,
            String clusterDomain,
            String podName,
            String podNamespace,
            String instanceIp,
            String serviceAccount,
            String trustDomain,
            String preferredServiceNamespace,
            String istioVersion,
            String proxyWorkload) {

        /** Whether we know ourselves well enough to be a workload of the mesh. */
        public boolean isKnown() {
            return !podName.isEmpty() && !podNamespace.isEmpty() && !serviceAccount.isEmpty();
        }
    }

    /**
     * One service of the control plane.
     *
     * @param address URI; empty: not used
     * @param altHostname also accepted in its certificate
     * @param headers sent with every call, names in lower case; may be secrets
     */
    public record ControlPlane(String address, RootCert root, String altHostname, Map<String, String> headers) {
        public ControlPlane {
            headers = Map.copyOf(headers);
        }

        public boolean isEnabled() {
            return !address.isEmpty();
        }
    }

    /** Where trust in a service comes from. */
    public sealed interface RootCert {
        /** A file, read again whenever a channel is opened. */
        record File(Path path) implements RootCert {}

        /** What the system trusts. */
        record SystemRoots() implements RootCert {}

        /** The setting itself. */
        record Inline(String pem) implements RootCert {}
    }

    /** How we prove ourselves to the control plane, and for how long certificates are asked. */
    public record Credentials(Token token, Duration certificateTtl, String crlPath) {}

    /** The bearer token. */
    public sealed interface Token {
        /** Calls carry no credentials. */
        record None() implements Token {}

        /** Read for every call, because the kubelet replaces it. */
        record File(Path path) implements Token {}

        /** The setting itself; a secret. */
        record Literal(String value) implements Token {
            @Override
            public String toString() {
                return "Literal[...]";
            }
        }
    }

    /** HTTP/2 of the tunnels, and their pool. */
    public record Tunnel(
            int streamWindowBytes,
            int connectionWindowBytes,
            int frameBytes,
            int poolStreamsMax,
            Duration poolIdleTimeout) {}

    /** The node agent, and sockets in pods. */
    public record Inpod(Path agentSocket, PodSocketSettings sockets) {}

    /**
     * Listeners of the process itself.
     *
     * @param ipv6 wildcard and localhost listeners take IPv6 too
     */
    public record Ports(int admin, int stats, int readiness, boolean ipv6, ProxyPorts data) {}

    /**
     * The DNS proxy, whether it is on or not ({@link Features#dnsProxy}).
     *
     * @param resolvConf where the name servers for what the mesh does not know are written
     */
    public record Dns(DnsAddress address, Path resolvConf) {}

    /** State from a file in place of, or beside, the control plane. */
    public sealed interface Local {
        record None() implements Local {}

        record File(Path path) implements Local {}

        record Inline(String yaml) implements Local {}
    }

    /** What is logged, and how. */
    public record Logging(String filter, LogFormat format) {}
}
