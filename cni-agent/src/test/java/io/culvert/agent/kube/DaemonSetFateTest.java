package io.culvert.agent.kube;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.culvert.testkit.kube.KubeApi;
import io.culvert.testkit.listen.Listening;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Stopping or uninstalling, by the client library against an API server that runs. */
@Tag("direct")
final class DaemonSetFateTest {
    private KubeApi api;
    private KubeCluster cluster;

    @BeforeEach
    void start() throws IOException {
        api = KubeApi.start(Listening.at(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
        Config config =
                new ConfigBuilder(Config.empty()).withMasterUrl(api.url()).build();
        cluster = KubeCluster.connect(config, KubeJson.NODE);
    }

    @AfterEach
    void stop() {
        cluster.close();
        api.close();
    }

    @Test
    void onlyWhatIsCertainIsAnUninstall() {
        assertThat(cluster.fate("istio-system").uninstall()).as("no DaemonSet").isTrue();
        api.put(daemonSet("", "{}"));
        assertThat(cluster.fate("istio-system").uninstall()).as("it is there").isFalse();
        assertThat(cluster.fate("").uninstall()).as("nobody says where").isFalse();
        api.put(daemonSet(",'deletionTimestamp':'2026-01-01T00:00:00Z'", "{}"));
        assertThat(cluster.fate("istio-system").uninstall())
                .as("it is being deleted")
                .isTrue();
        api.close();
        DaemonSetFate.Answer away = cluster.fate("istio-system");
        assertThat(away.uninstall()).isFalse();
        assertThat(away.reason()).contains("the API server cannot be asked");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{'matchExpressions':[{'key':'disk','operator':'In','values':['ssd']}]} | false",
                "{'matchExpressions':[{'key':'disk','operator':'In','values':['hdd']}]} | true",
                "{'matchExpressions':[{'key':'disk','operator':'NotIn','values':['ssd']}]} | true",
                "{'matchExpressions':[{'key':'disk','operator':'Exists'}]} | false",
                "{'matchExpressions':[{'key':'disk','operator':'DoesNotExist'}]} | true",
                "{'matchExpressions':[{'key':'cpus','operator':'Gt','values':['4']}]} | false",
                "{'matchExpressions':[{'key':'cpus','operator':'Lt','values':['4']}]} | true",
                "{'matchExpressions':[{'key':'cpus','operator':'Odd','values':['4']}]} | false",
                "{'matchFields':[{'key':'metadata.name','operator':'In','values':['elsewhere']}]} | true",
                "{'matchFields':[{'key':'metadata.name','operator':'In','values':['elsewhere']}]},"
                        + "{'matchExpressions':[{'key':'disk','operator':'Exists'}]} | false",
                "{} | true"
            })
    void aNodeThatTheDaemonSetDoesNotWantAnyMoreIsUninstalled(String terms, boolean uninstall) {
        api.put(json("{'apiVersion':'v1','kind':'Node','metadata':{'name':'" + KubeJson.NODE
                + "','labels':{'disk':'ssd','cpus':'8'}}}"));
        api.put(daemonSet("", affinity(terms)));
        assertThat(cluster.fate("istio-system").uninstall()).isEqualTo(uninstall);
    }

    @Test
    void aNodeThatTheServerDoesNotKnowStaysAsItIs() {
        api.put(daemonSet("", affinity("{'matchExpressions':[{'key':'disk','operator':'Exists'}]}")));
        assertThat(cluster.fate("istio-system").uninstall()).isFalse();
    }

    private static String affinity(String terms) {
        return "{'template':{'spec':{'affinity':{'nodeAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':"
                + "{'nodeSelectorTerms':[" + terms + "]}}}}}}";
    }

    private static JsonObject daemonSet(String metadata, String spec) {
        return json("{'apiVersion':'apps/v1','kind':'DaemonSet','metadata':{'namespace':'istio-system','name':'"
                + DaemonSetFate.NAME + "'" + metadata + "},'spec':" + spec + "}");
    }

    private static JsonObject json(String text) {
        return JsonParser.parseString(text.replace('\'', '"')).getAsJsonObject();
    }
}
