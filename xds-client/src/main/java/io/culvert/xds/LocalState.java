package io.culvert.xds;

import io.culvert.xds.mesh.AuthorizationPolicy;
import io.culvert.xds.mesh.MeshEdit;
import io.culvert.xds.mesh.MeshState;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
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
    private static final Logger LOG = LoggerFactory.getLogger(LocalState.class);

    /** Characters. Its tree of nodes takes thirty times as much memory, and the heap has to hold the mesh, too. */
    private static final int LENGTH_MAX = 3 << 20;

    /** Of so many bytes a file may still be short enough. */
    private static final int FILE_BYTES_MAX = 4 * LENGTH_MAX;

    private static final int SHADOWED_SHOWN = 20;

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
            long bytes = Files.size(file);
            if (bytes > FILE_BYTES_MAX) {
                throw new InvalidLocalState(bytes + " bytes are more than the " + FILE_BYTES_MAX + " that it may have");
            }
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
        if (yaml.length() > LENGTH_MAX) {
            throw new InvalidLocalState(
                    yaml.length() + " characters are more than the " + LENGTH_MAX + " that it may have");
        }
        Node root;
        try {
            LoadSettings settings = LoadSettings.builder()
                    .setLabel("local configuration")
                    .setCodePointLimit(LENGTH_MAX)
                    .build();
            root = new Compose(settings).composeString(yaml).orElse(null);
        } catch (StackOverflowError e) {
            // The library descends by recursion; nothing of ours has run yet.
            throw new InvalidLocalState("not YAML: nested too deeply", e);
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

    /**
     * Puts all of it in place of what a local configuration said before, as one change. Policies are known as
     * "namespace/name". What the control plane says of the same name counts instead.
     */
    public void loadInto(MeshState mesh) {
        mesh.update(this::applyTo);
    }

    private void applyTo(MeshEdit edit) {
        List<Workload> plain = workloads.stream().map(LocalWorkload::workload).toList();
        Set<String> shadowed = edit.replaceLocal(plain, policies, services);
        if (!shadowed.isEmpty()) {
            LOG.warn(
                    "{} names of the local configuration are the control plane's, too, whose word counts: {}",
                    shadowed.size(),
                    shadowed.stream().limit(SHADOWED_SHOWN).toList());
        }
    }
}
