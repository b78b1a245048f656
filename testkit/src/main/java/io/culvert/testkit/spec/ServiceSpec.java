package io.culvert.testkit.spec;

import io.culvert.proto.workload.AppProtocol;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A service, and which pods of its namespace answer for it.
 *
 * @param addresses its virtual addresses; empty: the {@link AddressPlan} gives one per family (none if headless)
 * @param publishNotReady whether pods that are not ready are endpoints too
 */
public record ServiceSpec(
        String namespace,
        String name,
        Map<String, String> selector,
        List<Port> ports,
        Families families,
        boolean headless,
        boolean publishNotReady,
        List<InetAddress> addresses) {
    /** Which IP families a service has virtual addresses of. */
    public enum Families {
        IPV4,
        IPV6,
        DUAL
    }

    /** A port of the service, and the pods' port behind it. */
    public record Port(int port, int targetPort, AppProtocol protocol) {
        public Port {
            Names.requirePort("port " + port, "port", port);
            Names.requirePort("port " + port, "targetPort", targetPort);
        }
    }

    public ServiceSpec {
        String subject = subject(namespace, name);
        Names.requireLabel(subject, "name", name);
        Names.requireLabel(subject, "namespace", namespace);
        selector = Map.copyOf(selector);
        ports = List.copyOf(ports);
        addresses = List.copyOf(addresses);
        if (ports.isEmpty()) {
            throw new SpecException(subject, "ports is empty; give at least one, such as 'ports: {80: 8080}'");
        }
    }

    /** {@code namespace/name}. */
    public String key() {
        return namespace + "/" + name;
    }

    /** Whether this pod is one of its endpoints. Pods of the host network are not (istio: ambient/workloads.go). */
    public boolean selects(PodSpec pod) {
        return pod.namespace().equals(namespace) && !pod.hostNetwork() && Names.selects(selector, pod.labels());
    }

    static String subject(String namespace, String name) {
        return "service " + namespace + "/" + name;
    }

    /** Says what a service is; used within the call that hands it out. */
    public static final class Builder {
        private final String name;
        private String namespace = "default";
        private final Map<String, String> selector = new LinkedHashMap<>();
        private final List<Port> ports = new ArrayList<>();
        private Families families = Families.DUAL;
        private boolean headless;
        private boolean publishNotReady;
        private final List<InetAddress> addresses = new ArrayList<>();

        Builder(String name) {
            this.name = name;
        }

        public Builder namespace(String value) {
            namespace = value;
            return this;
        }

        public Builder selecting(String key, String value) {
            selector.put(key, value);
            return this;
        }

        public Builder port(int port, int targetPort) {
            return port(port, targetPort, AppProtocol.TCP);
        }

        public Builder port(int port, int targetPort, AppProtocol protocol) {
            ports.add(new Port(port, targetPort, protocol));
            return this;
        }

        public Builder families(Families value) {
            families = value;
            return this;
        }

        public Builder headless(boolean value) {
            headless = value;
            return this;
        }

        public Builder publishNotReady(boolean value) {
            publishNotReady = value;
            return this;
        }

        /** A virtual address of one's own choice instead of the plan's; may be said once per family. */
        public Builder address(String literal) {
            addresses.add(Addresses.parse(subject(namespace, name), "addresses", literal));
            return this;
        }

        ServiceSpec build() {
            return new ServiceSpec(namespace, name, selector, ports, families, headless, publishNotReady, addresses);
        }
    }
}
