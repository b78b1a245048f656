package io.culvert.testkit.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.culvert.proto.security.Scope;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class MeshFileTest {
    @Test
    void readsTheExample() throws IOException {
        MeshSpec mesh = MeshFile.parse("example-mesh.yaml", example());
        assertThat(mesh.name()).isEqualTo("example");
        assertThat(mesh.nodes()).extracting(NodeSpec::name).containsExactly("node-a", "node-b");
        assertThat(mesh.pods()).extracting(PodSpec::name).containsExactly("client", "echo-a", "echo-b", "outsider");
        PodSpec client = mesh.pod("default", "client").orElseThrow();
        assertThat(mesh.inMesh(client)).isTrue();
        assertThat(mesh.inMesh(mesh.pod("plain", "outsider").orElseThrow())).isFalse();
        assertThat(mesh.service("default", "echo").orElseThrow().selects(client))
                .isFalse();
        assertThat(mesh.policies())
                .extracting(policy -> policy.authorization().getScope())
                .containsExactly(Scope.NAMESPACE, Scope.WORKLOAD_SELECTOR);
    }

    @Test
    void sameFileGivesTheSameMesh() throws IOException {
        assertThat(MeshFile.parse("f", example())).isEqualTo(MeshFile.parse("f", example()));
    }

    @Test
    void refusesUnknownKeyAndNamesTheKnownOnes() {
        refuses(
                "mesh: m\nnodes:\n  - name: a\n    pods:\n      - name: p\n        image: x\n",
                "m.yaml:6: image",
                "serviceAccount");
    }

    @Test
    void refusesRepeatedKey() {
        refuses("mesh: m\nmesh: n\n", "m.yaml:2: mesh", "appears twice");
    }

    @Test
    void refusesMissingName() {
        refuses("mesh: m\nnodes:\n  - labels: {}\n", "m.yaml:3: name", "is missing");
    }

    @Test
    void refusesPodOfUndeclaredNamespaceAtItsLine() {
        refuses(
                "mesh: m\nnodes:\n- name: a\n  pods:\n  - name: p\n    namespace: x\n",
                "m.yaml:5: pod x/p",
                "not declared");
    }

    @Test
    void refusesNamesThatAreNoDnsNames() {
        refuses("mesh: m\nnodes:\n- name: a\n  pods:\n  - name: ../p\n", "m.yaml:5: pod default/../p", "DNS name");
    }

    @Test
    void refusesTwoPodsOfOneName() {
        refuses("mesh: m\nnodes:\n- name: a\n  pods: [{name: p}, {name: p}]\n", "m.yaml:4: pod default/p", "twice");
    }

    @Test
    void refusesPortOutOfRange() {
        refuses("mesh: m\nservices:\n- name: s\n  ports: [{port: 70000}]\n", "m.yaml:4", "1 to 65535");
    }

    @Test
    void refusesWordInPlaceOfNumber() {
        refuses("mesh: m\nservices:\n- name: s\n  ports: [{port: http}]\n", "m.yaml:4: port", "whole number");
    }

    @Test
    void refusesBadAddress() {
        refuses(
                "mesh: m\nnodes:\n- name: a\n  pods:\n  - {name: p, addresses: [10.0.0]}\n",
                "m.yaml:5",
                "no IP address");
    }

    @Test
    void refusesUnknownActionAndNamesTheKnownOnes() {
        refuses("mesh: m\npolicies:\n- {name: p, action: Audit}\n", "m.yaml:3: action", "[Allow, Deny]");
    }

    @Test
    void refusesSelectorOfNamespacePolicy() {
        refuses(
                "mesh: m\npolicies:\n- {name: p, action: Deny, scope: Namespace, selector: {a: b}}\n",
                "m.yaml:3: policy default/p",
                "only for scope WorkloadSelector");
    }

    @Test
    void refusesRulesThatAreNotNestedDeepEnough() {
        refuses(
                "mesh: m\npolicies:\n- name: p\n  action: Deny\n  rules:\n  - destinationPorts: [1]\n",
                "m.yaml:6: a rule",
                "not a list");
    }

    @Test
    void refusesBrokenYamlEmptyTextAndScalars() {
        refuses("mesh: [", "m.yaml:1", "is not YAML");
        refuses("", "m.yaml:1", "is empty");
        refuses("just words", "m.yaml:1: the file", "is not a mapping");
    }

    private static void refuses(String text, String place, String reason) {
        assertThatExceptionOfType(SpecException.class)
                .isThrownBy(() -> MeshFile.parse("m.yaml", text))
                .withMessageContaining(place)
                .withMessageContaining(reason);
    }

    private static String example() throws IOException {
        try (InputStream stream = MeshFileTest.class.getResourceAsStream("/io/culvert/testkit/example-mesh.yaml")) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
