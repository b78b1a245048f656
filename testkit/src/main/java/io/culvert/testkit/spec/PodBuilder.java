package io.culvert.testkit.spec;

import io.culvert.proto.workload.WorkloadType;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Says what a pod is. Namespace and service account are {@code default} unless said otherwise. */
public final class PodBuilder {
    private final String mesh;
    private final String name;
    private String namespace = "default";
    private String serviceAccount = "default";
    private String uid = "";
    private final Map<String, String> labels = new LinkedHashMap<>();
    private final Map<String, String> annotations = new LinkedHashMap<>();
    private boolean hostNetwork;
    private final List<WorkloadPort> ports = new ArrayList<>();
    private final List<InetAddress> addresses = new ArrayList<>();
    private WorkloadType workloadType = WorkloadType.POD;
    private String workloadName;
    private boolean ready = true;

    /** @param mesh name of the mesh, from which the UID is derived: pods of two meshes on one machine differ */
    PodBuilder(String mesh, String name) {
        this.mesh = mesh;
        this.name = name;
        this.workloadName = name;
    }

    public PodBuilder namespace(String value) {
        namespace = value;
        return this;
    }

    public PodBuilder serviceAccount(String value) {
        serviceAccount = value;
        return this;
    }

    /** Without it, the UID is derived from the names of mesh, namespace and pod: the same each time. */
    public PodBuilder uid(String value) {
        uid = value;
        return this;
    }

    public PodBuilder label(String key, String value) {
        labels.put(key, value);
        return this;
    }

    public PodBuilder annotation(String key, String value) {
        annotations.put(key, value);
        return this;
    }

    /** The pod's own word on being in the mesh, whatever its namespace says. */
    public PodBuilder mesh(boolean value) {
        return label(Labels.DATAPLANE_MODE, value ? Labels.AMBIENT : Labels.NONE);
    }

    public PodBuilder hostNetwork(boolean value) {
        hostNetwork = value;
        return this;
    }

    public PodBuilder serves(WorkloadPort.Kind kind, int port) {
        ports.add(new WorkloadPort(kind, port));
        return this;
    }

    /** An address literal instead of the plan's, for pods that exist already. May be said once per family. */
    public PodBuilder address(String literal) {
        addresses.add(Addresses.parse(PodSpec.subject(namespace, name), "addresses", literal));
        return this;
    }

    public PodBuilder workload(WorkloadType type, String owner) {
        workloadType = type;
        workloadName = owner;
        return this;
    }

    public PodBuilder ready(boolean value) {
        ready = value;
        return this;
    }

    PodSpec build() {
        String identifier = uid.isEmpty() ? derivedUid() : uid;
        return new PodSpec(
                namespace,
                name,
                identifier,
                serviceAccount,
                labels,
                annotations,
                hostNetwork,
                ports,
                addresses,
                workloadType,
                workloadName,
                ready);
    }

    private String derivedUid() {
        String seed = mesh + "/" + namespace + "/" + name;
        return UUID.nameUUIDFromBytes(seed.getBytes(StandardCharsets.UTF_8)).toString();
    }
}
