package io.culvert.xds;

import io.culvert.xds.mesh.AuthorizationPolicy;
import io.culvert.xds.mesh.MeshEdit;
import io.culvert.xds.mesh.MeshState;
import io.culvert.xds.mesh.Service;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * A mesh described by a YAML file instead of, or beside, a control plane (ztunnel xds.rs:LocalClient). Also what the
 * admin interface shows as the static configuration, read anew.
 *
 * @param workloads in the order of the file, as are the others
 */
public record LocalState(List<LocalWorkload> workloads, List<AuthorizationPolicy> policies, List<Service> services) {
    /** Nothing. */
    public static final LocalState EMPTY = new LocalState(List.of(), List.of(), List.of());

    public LocalState {
        workloads = List.copyOf(workloads);
        policies = List.copyOf(policies);
        services = List.copyOf(services);
    }

    /** As {@link #parse}, of a file. */
    public static LocalState read(Path file) throws InvalidLocalState {
        try {
            return parse(Files.readString(file));
        } catch (IOException e) {
            throw new InvalidLocalState("local configuration " + file + " cannot be read: " + e, e);
        } catch (InvalidLocalState e) {
            throw new InvalidLocalState("local configuration " + file + ", " + e.getMessage(), e);
        }
    }

    /**
     * From YAML text with the keys {@code workloads}, {@code policies}, {@code services}, each optional.
     *
     * @throws InvalidLocalState if it is not YAML, or has a key or value that is not known; names the line
     */
    public static LocalState parse(String yaml) throws InvalidLocalState {
        Node root;
        try {
            LoadSettings settings =
                    LoadSettings.builder().setLabel("local configuration").build();
            root = new Compose(settings).composeString(yaml).orElse(null);
        } catch (YamlEngineException e) {
            throw new InvalidLocalState("not YAML: " + e.getMessage(), e);
        }
        if (root == null) {
            return EMPTY;
        }
        YamlMap map = YamlMap.of(root, "the local configuration");
        List<LocalWorkload> workloads = new ArrayList<>();
        for (Node workload : map.list("workloads")) {
            workloads.add(LocalObjects.workload(workload));
        }
        List<AuthorizationPolicy> policies = new ArrayList<>();
        for (Node policy : map.list("policies")) {
            policies.add(LocalPolicies.policy(policy));
        }
        List<Service> services = new ArrayList<>();
        for (Node service : map.list("services")) {
            services.add(LocalObjects.service(service));
        }
        map.finish();
        return new LocalState(workloads, policies, services);
    }

    /** Adds all of it, as one change. Policies are known as "namespace/name". */
    public void loadInto(MeshState mesh) {
        mesh.update(this::applyTo);
    }

    private void applyTo(MeshEdit edit) {
        for (LocalWorkload local : workloads) {
            edit.putWorkload(local.workload());
        }
        for (AuthorizationPolicy policy : policies) {
            edit.putPolicy(policy.qualifiedName(), policy);
        }
        services.forEach(edit::putService);
    }
}
