package io.culvert.testkit.spec;

import io.culvert.proto.workload.AppProtocol;
import io.culvert.proto.workload.WorkloadType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * A mesh in a YAML file. {@code example-mesh.yaml} among the resources shows the keys. Every error names file, line,
 * key and remedy; unknown and repeated keys are errors.
 */
public final class MeshFile {
    /** Descriptions are written by people; more than this is a mistake. */
    static final int BYTES_MAX = 4 * 1024 * 1024;

    private static final Map<String, WorkloadPort.Kind> KINDS =
            Map.of("echo", WorkloadPort.Kind.ECHO, "http", WorkloadPort.Kind.HTTP);
    private static final Map<String, ServiceSpec.Families> FAMILIES = Map.of(
            "IPv4", ServiceSpec.Families.IPV4, "IPv6", ServiceSpec.Families.IPV6, "Dual", ServiceSpec.Families.DUAL);
    private static final Map<String, WorkloadType> TYPES = Map.of(
            "pod", WorkloadType.POD,
            "deployment", WorkloadType.DEPLOYMENT,
            "job", WorkloadType.JOB,
            "cronjob", WorkloadType.CRONJOB);
    private static final Map<String, AppProtocol> PROTOCOLS = Map.of(
            "TCP", AppProtocol.TCP,
            "HTTP", AppProtocol.HTTP11,
            "HTTP2", AppProtocol.HTTP2,
            "GRPC", AppProtocol.GRPC,
            "TLS", AppProtocol.TLS);

    private final MeshBuilder mesh;
    /** Where in the file each object stands, by its subject in messages. */
    private final Map<String, YamlMap> places = new HashMap<>();

    private MeshFile(MeshBuilder mesh) {
        this.mesh = mesh;
    }

    /**
     * The mesh that a file describes.
     *
     * @throws SpecException if it says something that cannot be
     * @throws IOException if it cannot be read
     */
    public static MeshSpec read(Path file) throws IOException {
        if (Files.size(file) > BYTES_MAX) {
            throw new SpecException(
                    file.getFileName() + ":1", "is larger than " + BYTES_MAX + " bytes; is it the right file?");
        }
        return parse(file.getFileName().toString(), Files.readString(file, StandardCharsets.UTF_8));
    }

    /**
     * The mesh that a text describes.
     *
     * @param name how messages call the text
     * @throws SpecException if it says something that cannot be
     */
    public static MeshSpec parse(String name, String text) {
        YamlMap top = YamlMap.of(name, compose(name, text), "the file");
        return new MeshFile(MeshSpec.mesh(top.text("mesh"))).read(top);
    }

    private static Node compose(String name, String text) {
        try {
            return new Compose(LoadSettings.builder().setLabel(name).build())
                    .composeString(text)
                    .orElseThrow(() -> new SpecException(name + ":1", "is empty; write at least 'mesh: NAME'"));
        } catch (MarkedYamlEngineException e) {
            int line = e.getProblemMark().map(mark -> mark.getLine() + 1).orElse(1);
            throw new SpecException(name + ":" + line, "is not YAML here: " + e.getProblem());
        } catch (YamlEngineException e) {
            throw new SpecException(name + ":1", "is not YAML: " + e.getMessage());
        }
    }

    private MeshSpec read(YamlMap top) {
        top.text("trustDomain", mesh::trustDomain);
        top.text("clusterId", mesh::clusterId);
        top.text("network", mesh::network);
        top.text("clusterDomain", mesh::clusterDomain);
        top.maps("namespaces", this::namespace);
        top.maps("nodes", this::node);
        top.maps("services", this::service);
        top.maps("policies", this::policy);
        top.finish();
        // What only the whole can tell is told at the line of the object that it is about.
        try {
            return mesh.build();
        } catch (SpecException e) {
            throw places.getOrDefault(e.subject(), top).located(e);
        }
    }

    private void namespace(YamlMap yaml) {
        String name = yaml.text("name");
        if (places.put("namespace " + name, yaml) != null) {
            throw new SpecException("namespace " + name, "appears twice; rename or remove one");
        }
        mesh.namespace(name, namespace -> {
            yaml.pairs("labels", namespace::label);
            yaml.flag("mesh", namespace::mesh);
            yaml.finish();
        });
    }

    private void node(YamlMap yaml) {
        String name = yaml.text("name");
        places.put("node " + name, yaml);
        mesh.node(name, node -> {
            yaml.pairs("labels", node::label);
            yaml.maps("pods", pod -> node.pod(pod.text("name"), builder -> pod(builder, pod)));
            yaml.finish();
        });
    }

    private void pod(PodBuilder pod, YamlMap yaml) {
        places.put(PodSpec.subject(yaml.text("namespace", "default"), yaml.text("name")), yaml);
        yaml.text("namespace", pod::namespace);
        yaml.text("serviceAccount", pod::serviceAccount);
        yaml.text("uid", pod::uid);
        yaml.pairs("labels", pod::label);
        yaml.pairs("annotations", pod::annotation);
        yaml.flag("mesh", pod::mesh);
        yaml.flag("hostNetwork", pod::hostNetwork);
        yaml.flag("ready", pod::ready);
        yaml.texts("addresses", pod::address);
        yaml.maps("serves", port -> {
            pod.serves(port.choice("kind", KINDS), port.number("port"));
            port.finish();
        });
        yaml.map("workload", owner -> {
            pod.workload(owner.choice("type", TYPES), owner.text("name"));
            owner.finish();
        });
        yaml.finish();
    }

    private void service(YamlMap yaml) {
        String name = yaml.text("name");
        places.put(ServiceSpec.subject(yaml.text("namespace", "default"), name), yaml);
        mesh.service(name, service -> {
            yaml.text("namespace", service::namespace);
            yaml.pairs("selector", service::selecting);
            service.families(yaml.choice("families", FAMILIES, ServiceSpec.Families.DUAL));
            yaml.flag("headless", service::headless);
            yaml.flag("publishNotReady", service::publishNotReady);
            yaml.texts("addresses", service::address);
            yaml.maps("ports", port -> {
                int number = port.number("port");
                int target = port.number("targetPort", number);
                service.port(number, target, port.choice("protocol", PROTOCOLS, AppProtocol.TCP));
                port.finish();
            });
            yaml.finish();
        });
    }

    private void policy(YamlMap yaml) {
        PolicySpec policy = PolicyFile.read(yaml);
        places.put("policy " + policy.key(), yaml);
        mesh.policy(policy);
    }
}
