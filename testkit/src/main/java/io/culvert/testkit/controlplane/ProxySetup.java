package io.culvert.testkit.controlplane;

import io.culvert.testkit.spec.MeshSpec;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What one proxy needs to be told: files and environment, by the names that ztunnel gave them (ztunnel: src/config.rs).
 *
 * @param rootCertificate PEM, for XDS_ROOT_CA and CA_ROOT_CA
 * @param token the bearer token, readable by its owner only
 * @param inpodSocket where it looks for the node agent
 * @param environment all of it, in alphabetical order
 */
public record ProxySetup(
        ProxyAccount account, Path rootCertificate, Path token, Path inpodSocket, Map<String, String> environment) {
    public ProxySetup {
        environment = Collections.unmodifiableMap(new TreeMap<>(environment));
    }

    /**
     * Issues a token and writes the files.
     *
     * @param directory gets {@code root-cert.pem} and a directory per node with {@code istio-token}; made if need be
     * @param reachedAt the control plane as the proxy sees it
     * @param instance the proxy's own address
     */
    public static ProxySetup write(
            ControlPlane controlPlane,
            MeshSpec mesh,
            ProxyAccount account,
            Path directory,
            InetSocketAddress reachedAt,
            InetAddress instance)
            throws IOException {
        Path own = Files.createDirectories(directory.resolve(account.node())).toAbsolutePath();
        Path root = directory.resolve("root-cert.pem").toAbsolutePath();
        replace(root, controlPlane.authority().rootPem(), "rw-r--r--");
        Path token = own.resolve("istio-token");
        replace(token, controlPlane.tokens().issue(account), "rw-------");
        Path socket = own.resolve("ztunnel.sock");
        return new ProxySetup(
                account, root, token, socket, environment(mesh, account, reachedAt, instance, root, token, socket));
    }

    private static Map<String, String> environment(
            MeshSpec mesh,
            ProxyAccount account,
            InetSocketAddress reachedAt,
            InetAddress instance,
            Path root,
            Path token,
            Path socket) {
        Map<String, String> environment = new TreeMap<>();
        environment.put("XDS_ADDRESS", url(reachedAt));
        environment.put("CA_ADDRESS", url(reachedAt));
        environment.put("XDS_ROOT_CA", root.toString());
        environment.put("CA_ROOT_CA", root.toString());
        environment.put("AUTH_TOKEN", token.toString());
        environment.put("INPOD_UDS", socket.toString());
        environment.put("NODE_NAME", account.node());
        environment.put("POD_NAME", account.pod());
        environment.put("POD_NAMESPACE", account.namespace());
        environment.put("SERVICE_ACCOUNT", account.serviceAccount());
        environment.put("INSTANCE_IP", instance.getHostAddress());
        environment.put("TRUST_DOMAIN", mesh.trustDomain());
        environment.put("CLUSTER_DOMAIN", mesh.clusterDomain());
        environment.put("NETWORK", networkOf(mesh, account.node()));
        environment.put("ISTIO_META_CLUSTER_ID", mesh.clusterId());
        environment.put("ISTIO_META_DNS_CAPTURE", "false");
        return environment;
    }

    private static String networkOf(MeshSpec mesh, String name) {
        return mesh.nodes().stream()
                .filter(node -> node.name().equals(name))
                .map(mesh::networkOf)
                .findFirst()
                .orElse(mesh.network());
    }

    private static String url(InetSocketAddress address) {
        String host = address.getAddress().getHostAddress();
        return "https://" + (address.getAddress() instanceof Inet6Address ? "[" + host + "]" : host) + ":"
                + address.getPort();
    }

    /** Never half written, never open to others for a moment. */
    private static void replace(Path file, String content, String permissions) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory == null) {
            throw new IOException("no directory to write " + file + " in");
        }
        Path fresh = Files.createTempFile(directory, ".new", "");
        Files.writeString(fresh, content);
        Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString(permissions));
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
