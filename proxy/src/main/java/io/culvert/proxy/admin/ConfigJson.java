package io.culvert.proxy.admin;

import com.google.gson.stream.JsonWriter;
import io.culvert.proxy.config.DnsAddress;
import io.culvert.proxy.config.ProxyConfig;
import io.culvert.proxy.inpod.PodSocketSettings;
import io.culvert.proxy.routing.ProxyPorts;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The settings in the dump, under ztunnel's names. A sorted map first, so that the order of keys is nobody's care. */
final class ConfigJson {

    private ConfigJson() {}

    static void write(JsonWriter out, ProxyConfig config) throws IOException {
        value(out, tree(config));
    }

    private static Map<String, @Nullable Object> tree(ProxyConfig config) {
        Map<String, @Nullable Object> tree = new TreeMap<>();
        features(tree, config.features());
        node(tree, config.node());
        controlPlane(tree, config);
        tunnel(tree, config.tunnel());
        ports(tree, config);
        PodSocketSettings sockets = config.inpod().sockets();
        tree.put("inpodPortReuse", sockets.reusePort());
        tree.put("inpodUds", config.inpod().agentSocket().toString());
        tree.put("ipv6Enabled", sockets.ipv6());
        tree.put("numWorkerThreads", config.workerThreads());
        tree.put("packetMark", sockets.mark() == 0 ? null : Integer.toUnsignedLong(sockets.mark()));
        tree.put("proxyArgs", "");
        tree.put("proxyMetadata", new TreeMap<>(config.proxyMetadata()));
        tree.put("requireOriginalSource", transparency(sockets.transparency()));
        tree.put("selfTerminationDeadline", duration(config.terminationDeadline()));
        tree.put("socketConfig", keepalive(sockets.keepalive()));
        Resolver.describe(tree);
        return tree;
    }

    private static void features(Map<String, @Nullable Object> tree, ProxyConfig.Features features) {
        tree.put("dnsProxy", features.dnsProxy());
        tree.put("enableEnhancedBaggage", features.responseBaggage());
        tree.put("fakeCa", features.fakeCa());
        tree.put("fakeSelfInbound", false);
        tree.put("localhostAppTunnel", features.localhostAppTunnel());
        tree.put("proxy", features.proxy());
        tree.put("proxyMode", features.mode() == ProxyConfig.Mode.SHARED ? "Shared" : "Dedicated");
        tree.put("xdsOnDemand", features.onDemandXds());
    }

    private static void node(Map<String, @Nullable Object> tree, ProxyConfig.Node node) {
        tree.put("clusterDomain", node.clusterDomain());
        tree.put("clusterId", node.clusterId());
        tree.put("localNode", orNull(node.localNode()));
        tree.put("network", node.network());
        tree.put("preferedServiceNamespace", orNull(node.preferredServiceNamespace()));
        tree.put("proxyWorkloadInformation", orNull(node.proxyWorkload()));
        boolean known = node.isKnown();
        tree.put(
                "ztunnelIdentity",
                known
                        ? "spiffe://" + node.trustDomain() + "/ns/" + node.podNamespace() + "/sa/"
                                + node.serviceAccount()
                        : null);
        tree.put(
                "ztunnelWorkload",
                known
                        ? new TreeMap<>(Map.of(
                                "name", node.podName(),
                                "namespace", node.podNamespace(),
                                "serviceAccount", node.serviceAccount()))
                        : null);
    }

    private static void controlPlane(Map<String, @Nullable Object> tree, ProxyConfig config) {
        tree.put("altCaHostname", orNull(config.ca().altHostname()));
        tree.put("altXdsHostname", orNull(config.xds().altHostname()));
        tree.put("caAddress", orNull(config.ca().address()));
        // Names only: the values may be credentials.
        tree.put("caHeaders", config.ca().headers().keySet().stream().sorted().toList());
        tree.put("caRootCert", root(config.ca().root()));
        tree.put("crlPath", orNull(config.credentials().crlPath()));
        tree.put("secretTtl", duration(config.credentials().certificateTtl()));
        tree.put("xdsAddress", orNull(config.xds().address()));
        tree.put("xdsHeaders", config.xds().headers().keySet().stream().sorted().toList());
        tree.put("xdsRootCert", root(config.xds().root()));
    }

    private static Object root(ProxyConfig.RootCert root) {
        return switch (root) {
            case ProxyConfig.RootCert.File file -> Map.of("File", file.path().toString());
            case ProxyConfig.RootCert.SystemRoots ignored -> "Default";
            case ProxyConfig.RootCert.Inline ignored -> "Static";
        };
    }

    private static void tunnel(Map<String, @Nullable Object> tree, ProxyConfig.Tunnel tunnel) {
        tree.put("connectionWindowSize", tunnel.connectionWindowBytes());
        tree.put("frameSize", tunnel.frameBytes());
        tree.put("poolMaxStreamsPerConn", tunnel.poolStreamsMax());
        tree.put("poolUnusedReleaseTimeout", duration(tunnel.poolIdleTimeout()));
        tree.put("windowSize", tunnel.streamWindowBytes());
    }

    private static void ports(Map<String, @Nullable Object> tree, ProxyConfig config) {
        ProxyConfig.Ports ports = config.ports();
        String wildcard = ports.ipv6() ? "[::]:" : "0.0.0.0:";
        tree.put("adminAddr", localhost(ports, ports.admin()));
        tree.put("dnsProxyAddr", dns(ports, config.dns().address()));
        tree.put("illegalPorts", ports.data().illegal());
        tree.put("inboundAddr", wildcard + ProxyPorts.INBOUND_HBONE);
        tree.put("inboundPlaintextAddr", wildcard + ProxyPorts.INBOUND_PLAINTEXT);
        tree.put("outboundAddr", wildcard + ProxyPorts.OUTBOUND);
        tree.put("readinessAddr", Map.of("SocketAddr", wildcard + ports.readiness()));
        tree.put("socks5Addr", config.features().socks5() ? "127.0.0.1:" + ProxyPorts.SOCKS5 : null);
        tree.put("statsAddr", Map.of("SocketAddr", wildcard + ports.stats()));
    }

    private static Object dns(ProxyConfig.Ports ports, DnsAddress address) {
        return switch (address) {
            case DnsAddress.Localhost localhost -> localhost(ports, localhost.port());
            case DnsAddress.Explicit explicit ->
                Map.of("SocketAddr", explicit.at().toString());
        };
    }

    private static Object localhost(ProxyConfig.Ports ports, int port) {
        return Map.of("Localhost", List.of(ports.ipv6(), port));
    }

    private static @Nullable Boolean transparency(PodSocketSettings.Transparency transparency) {
        return switch (transparency) {
            case BEST_EFFORT -> null;
            case REQUIRED -> Boolean.TRUE;
            case OFF -> Boolean.FALSE;
        };
    }

    private static Object keepalive(PodSocketSettings.Keepalive keepalive) {
        return new TreeMap<>(Map.of(
                "keepaliveEnabled", keepalive.enabled(),
                "keepaliveInterval", duration(keepalive.interval()),
                "keepaliveRetries", keepalive.retries(),
                "keepaliveTime", duration(keepalive.idle()),
                "userTimeoutEnabled", keepalive.userTimeout()));
    }

    private static Object duration(Duration duration) {
        return new TreeMap<>(Map.of("nanos", duration.getNano(), "secs", duration.getSeconds()));
    }

    private static @Nullable String orNull(String text) {
        return text.isEmpty() ? null : text;
    }

    private static void value(JsonWriter out, @Nullable Object value) throws IOException {
        switch (value) {
            case null -> out.nullValue();
            case String text -> out.value(text);
            case Boolean flag -> out.value(flag);
            case Number number -> out.value(number);
            case Iterable<?> many -> {
                out.beginArray();
                for (Object one : many) {
                    value(out, one);
                }
                out.endArray();
            }
            case Map<?, ?> map -> {
                out.beginObject();
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    value(out.name(String.valueOf(entry.getKey())), entry.getValue());
                }
                out.endObject();
            }
            default -> out.value(value.toString());
        }
    }
}
