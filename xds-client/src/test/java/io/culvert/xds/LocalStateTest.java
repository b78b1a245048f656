package io.culvert.xds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.culvert.xds.mesh.ApplicationTunnel;
import io.culvert.xds.mesh.AuthorizationPolicy;
import io.culvert.xds.mesh.Cidr;
import io.culvert.xds.mesh.Endpoint;
import io.culvert.xds.mesh.GatewayAddress;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.LoadBalancing;
import io.culvert.xds.mesh.Locality;
import io.culvert.xds.mesh.Match;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.MeshState;
import io.culvert.xds.mesh.NamespacedName;
import io.culvert.xds.mesh.NetworkAddress;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.StringMatch;
import io.culvert.xds.mesh.TunnelProtocol;
import io.culvert.xds.mesh.Visibility;
import io.culvert.xds.mesh.Workload;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LocalStateTest {
    /** The mesh of which the original's config_dump was recorded. */
    static final String SAMPLE = """
            workloads:
            - {uid: pb//Pod/default/a0, name: a0, namespace: default, serviceAccount: a0, trustDomain: cluster.local,
               workloadIps: [10.61.1.10], protocol: HBONE, node: node-a, workloadType: deployment, workloadName: client,
               canonicalName: client, canonicalRevision: v1, clusterId: Kubernetes,
               locality: {region: r1, zone: z1, subzone: s1}, services: {}}
            - uid: pb//Pod/default/b0
              name: b0
              namespace: default
              trustDomain: cluster.local
              serviceAccount: b0
              workloadIps: [10.61.2.10]
              protocol: HBONE
              node: node-b
              authorizationPolicies: [default/deny-9999, default/deny-a1]
              services: {"default/srv.default.svc.cluster.local": {80: 8080, 5201: 5201}}
            policies:
            - {name: deny-9999, namespace: default, scope: WorkloadSelector, action: Deny, dryRun: false,
               rules: [[[{destinationPorts: [9999]}]]]}
            - {name: deny-a1, namespace: default, scope: WorkloadSelector, action: Deny, dryRun: false,
               rules: [[[{principals: [!Exact cluster.local/ns/default/sa/a1]}]]]}
            services:
            - name: srv
              namespace: default
              hostname: srv.default.svc.cluster.local
              vips: [/10.62.0.1]
              ports: {80: 8080, 5201: 5201}
              subjectAltNames: ["spiffe://cluster.local/ns/default/sa/b0"]
              canonical: true
            """;

    @TempDir
    private Path directory;

    private static MeshSnapshot loaded(String yaml) throws InvalidLocalState {
        MeshState mesh = new MeshState("node-a");
        LocalState.parse(yaml).loadInto(mesh);
        return mesh.snapshot();
    }

    private static Workload workload(MeshSnapshot snapshot, String uid) {
        return Objects.requireNonNull(snapshot.workloadByUid(uid));
    }

    @Test
    void loadsTheMeshOfTheRecordedDump() throws Exception {
        MeshSnapshot snapshot = loaded(SAMPLE);
        Workload a0 = workload(snapshot, "pb//Pod/default/a0");
        Workload b0 = workload(snapshot, "pb//Pod/default/b0");
        Service srv = Objects.requireNonNull(snapshot.serviceByVip("", IpAddress.parse("10.62.0.1"), "default"));

        assertThat(snapshot.localWorkload("a0", "default", "a0")).isSameAs(a0);
        assertThat(a0.identity()).hasToString("spiffe://cluster.local/ns/default/sa/a0");
        assertThat(a0.tunnelProtocol()).isEqualTo(TunnelProtocol.HBONE);
        assertThat(a0.locality()).isEqualTo(new Locality("r1", "z1", "s1"));
        assertThat(a0.capacity()).isEqualTo(1);
        assertThat(b0.clusterId()).isEmpty();
        assertThat(b0.services()).isEmpty();
        assertThat(srv.vips()).containsExactly(new NetworkAddress("", IpAddress.parse("10.62.0.1")));
        assertThat(srv.visibility()).isEqualTo(Visibility.PUBLIC);
        assertThat(snapshot.endpoints(srv)).containsOnlyKeys(b0.uid());
        assertThat(snapshot.policiesOf(b0))
                .extracting(AuthorizationPolicy::qualifiedName)
                .containsExactly("default/deny-9999", "default/deny-a1");
        assertThat(snapshot.stagedEndpoints()).isEmpty();
    }

    @Test
    void keepsWhatTheFileSaidForTheStaticConfiguration() throws Exception {
        LocalState state = LocalState.parse(SAMPLE);

        assertThat(state.workloads().getLast().services())
                .containsOnlyKeys(new NamespacedName("default", "srv.default.svc.cluster.local"));
        assertThat(state.services().getFirst().declaredEndpoints()).isEmpty();
        assertThat(state.policies()).hasSize(2);
    }

    @Test
    void readsEveryKeyOfAWorkload() throws Exception {
        Workload workload = LocalState.parse("""
                workloads:
                - uid: u
                  name: n
                  namespace: ns
                  network: net
                  workloadIps: ["10.0.0.1", "fd00::1"]
                  waypoint: {destination: net/10.0.0.9, hboneMtlsPort: 15008}
                  networkGateway: {destination: ns/gw.example.com, hboneMtlsPort: 15009}
                  protocol: TCP
                  networkMode: HostNetwork
                  nativeTunnel: true
                  hostname: h
                  applicationTunnel: {protocol: PROXY, port: 15088}
                  status: Unhealthy
                  capacity: 7
                  services: {}
                """).workloads().getFirst().workload();

        assertThat(workload.addresses()).hasSize(2);
        assertThat(workload.waypoint())
                .isEqualTo(
                        new GatewayAddress.ByAddress(new NetworkAddress("net", IpAddress.parse("10.0.0.9")), 15_008));
        assertThat(workload.networkGateway())
                .isEqualTo(new GatewayAddress.ByHostname(new NamespacedName("ns", "gw.example.com"), 15_009));
        assertThat(workload.applicationTunnel())
                .isEqualTo(new ApplicationTunnel(ApplicationTunnel.Protocol.PROXY, 15_088));
        assertThat(workload.nativeTunnel()).isTrue();
        assertThat(workload.capacity()).isEqualTo(7);
        assertThat(workload.serviceAccount()).isEmpty();
        assertThat(workload.trustDomain()).isEmpty();
    }

    @Test
    void readsEveryKeyOfAServiceAndAPolicy() throws Exception {
        LocalState state = LocalState.parse("""
                services:
                - name: s
                  namespace: ns
                  hostname: h
                  vips: []
                  cidrVips: [{network: net, cidr: 10.0.0.0/8}]
                  ports: {}
                  endpoints: {u: {workloadUid: u, port: {80: 81}, status: Healthy}}
                  weightedWaypoints: [{destination: {destination: ns/wp, hboneMtlsPort: 1}, weight: 3}]
                  loadBalancer: {routingPreferences: [Network, Region], mode: Failover, healthPolicy: AllowAll}
                  ipFamilies: Dual
                  visibility: Namespace
                policies:
                - name: p
                  namespace: ns
                  scope: Global
                  action: Allow
                  dryRun: true
                  rules:
                  - - - namespaces: [!Prefix a, !Suffix b, !Presence []]
                        notNamespaces: [!Exact ""]
                        serviceAccounts: [{namespace: ns, serviceAccount: sa}]
                        sourceIps: [10.0.0.0/8]
                        notDestinationPorts: [80]
                """);
        Service service = state.services().getFirst();
        Match match = state.policies()
                .getFirst()
                .rules()
                .getFirst()
                .clauses()
                .getFirst()
                .matches()
                .getFirst();

        assertThat(service.loadBalancing())
                .isEqualTo(new LoadBalancing(
                        java.util.List.of(LoadBalancing.Scope.NETWORK, LoadBalancing.Scope.REGION),
                        LoadBalancing.Mode.FAILOVER,
                        LoadBalancing.HealthPolicy.ALLOW_ALL));
        assertThat(service.declaredEndpoints())
                .singleElement()
                .extracting(Endpoint::port)
                .hasToString("{80=81}");
        assertThat(service.weightedWaypoints()).hasSize(1);
        assertThat(match.namespaces())
                .containsExactly(new StringMatch.Prefix("a"), new StringMatch.Suffix("b"), new StringMatch.Presence());
        assertThat(match.notNamespaces()).containsExactly(new StringMatch.Exact(""));
        assertThat(match.sourceIps()).containsExactly(Cidr.parse("10.0.0.0/8").orElseThrow());
    }

    @Test
    void takesAnEmptyFileForNothing() throws Exception {
        assertThat(LocalState.parse("")).isEqualTo(LocalState.EMPTY);
        assertThat(LocalState.parse("# only a comment\n")).isEqualTo(LocalState.EMPTY);
        assertThat(LocalState.parse("workloads:\npolicies: []\n").workloads()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "other: []                                          | line 2: unknown key 'other'",
                "workloads: [{uid: u, name: n, namespace: s, services: {}, ipp: []}] | line 2: unknown key 'ipp' in a workload",
                "workloads: [{uid: u, name: n, namespace: s}]       | line 2: 'services' is missing in a workload",
                "workloads: [{uid: 5, name: n, namespace: s, services: {}}] | line 2: expected a text, not 5",
                "workloads: [{uid: u, uid: v}]                      | line 2: key 'uid' is given twice",
                "workloads: [{uid: u, name: n, namespace: s, services: {a/b: {\"80\": 1}}}] | line 2: expected a number",
                "workloads: [{uid: u, name: n, namespace: s, services: {a/b: {70000: 1}}}] | not 70000",
                "workloads: [{uid: u, name: n, namespace: s, services: {a: {}}}] | expected namespace/hostname, not a",
                "workloads: [{uid: u, name: n, namespace: s, services: {}, protocol: hbone}] | expected one of [HBONE, TCP]",
                "workloads: [{uid: u, name: n, namespace: s, services: {}, workloadIps: [x]}] | not an address: x",
                "workloads: {}                                      | line 2: expected a list for workloads",
                "policies: [{name: p, namespace: n, scope: Global, action: Deny, rules: []}] | 'dryRun' is missing",
                "policies: [{name: p, namespace: n, scope: Global, action: Deny, dryRun: false, rules: [[[{principals: [{Exact: x}]}]]]}] | expected a tagged text",
                "policies: [{name: p, namespace: n, scope: Global, action: Deny, dryRun: false, rules: [[[{sourceIps: [x]}]]]}] | invalid cidr: x",
                "policies: [{name: p, namespace: n, scope: Global, action: Deny, dryRun: maybe, rules: []}] | expected true or false",
                "services: [{name: s, namespace: n, hostname: h, vips: [10.0.0.1], ports: {}}] | expected network/ip, not 10.0.0.1",
                "services: [                                        | not YAML",
            })
    void saysInWhichLineItIsBroken(String line, String complaint) {
        assertThatThrownBy(() -> LocalState.parse("# first line\n" + line.strip() + "\n"))
                .isInstanceOf(InvalidLocalState.class)
                .hasMessageContaining(complaint.strip());
    }

    @Test
    void namesTheFileThatIsMissingOrBroken() throws Exception {
        Path file = directory.resolve("mesh.yaml");
        assertThatThrownBy(() -> LocalState.read(file)).hasMessageContaining(file + " cannot be read");
        Files.writeString(file, "x: 1");
        assertThatThrownBy(() -> LocalState.read(file)).hasMessageContaining(file + ", line 1: unknown key 'x'");
        Files.writeString(file, SAMPLE);
        assertThat(LocalState.read(file).workloads()).hasSize(2);
    }

    @Test
    void addsToWhatIsThere() throws Exception {
        MeshState mesh = new MeshState("");
        mesh.update(edit -> edit.putWorkload(
                Workload.builder().uid("xds").services(Map.of()).build()));
        LocalState.parse(SAMPLE).loadInto(mesh);

        assertThat(mesh.snapshot().workloads()).hasSize(3);
    }
}
