package io.culvert.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.culvert.agent.eligibility.Verdict;
import io.culvert.agent.enrol.AddRequest;
import io.culvert.agent.enrol.Admission;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The real binary against the real event server. */
@Tag("direct")
final class PluginTest {
    private static final String RESULT =
            "{ \"cniVersion\":\"1.0.0\", \"ips\":[{\"address\":\"10.0.0.7/24\"}],\"n\":1.50 }";

    @TempDir
    private Path runDir;

    private final List<AddRequest> asked = new CopyOnWriteArrayList<>();
    private volatile Admission decision = new Admission.Enrolled();

    @BeforeEach
    void build() throws Exception {
        Plugin.executable();
    }

    @Test
    void isSmallAndStatic() throws Exception {
        byte[] elf = Files.readAllBytes(Plugin.executable());
        assertThat(elf).hasSizeLessThan(100 * 1024);
        assertThat(new String(elf, StandardCharsets.ISO_8859_1)).doesNotContain("ld-linux", "libc.so");
    }

    @Test
    void relaysTheCallAndPrintsThePreviousResultUntouched() throws Exception {
        try (EventServer _ = serve()) {
            Plugin.Outcome outcome =
                    Plugin.add("n", "p", "/var/run/netns/cni-1").run(config(RESULT));

            assertThat(outcome.output()).isEqualTo(RESULT);
            assertThat(outcome.status()).isZero();
            assertThat(outcome.errors()).isEmpty();
            assertThat(asked).hasSize(1);
            assertThat(asked.getFirst().netnsPath()).isEqualTo("/var/run/netns/cni-1");
            assertThat(asked.getFirst().pod()).hasToString("n/p");
            assertThat(asked.getFirst().ips()).hasSize(1);
        }
    }

    @Test
    void letsAPodStartThatIsNotEligible() throws Exception {
        decision = new Admission.NotEligible(Verdict.NOT_SELECTED);
        try (EventServer _ = serve()) {
            Plugin.Outcome outcome = Plugin.add("n", "p", "/n").run(config(RESULT));
            assertThat(outcome).isEqualTo(new Plugin.Outcome(0, RESULT, ""));
        }
    }

    @Test
    void failsWithTheAgentsErrorObject() throws Exception {
        decision = new Admission.Failed("no node proxy is connected");
        try (EventServer _ = serve()) {
            Plugin.Outcome outcome = Plugin.add("n", "p", "/n").run(config(RESULT));
            assertThat(outcome.status()).isEqualTo(1);
            assertThat(outcome.output())
                    .startsWith("{\"cniVersion\":\"1.0.0\",\"code\":11,")
                    .contains("no node proxy");
        }
    }

    @Test
    void failsClosedWhileTheAgentIsAway() throws Exception {
        Plugin.Outcome outcome = Plugin.add("n", "p", "/n").run(config(RESULT));
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.output())
                .startsWith("{\"cniVersion\":\"1.0.0\",\"code\":11,")
                .contains("the node agent is not there", "pluginevent.sock, errno 2");
    }

    @Test
    void failsWhenTheAgentDiesWithinItsAnswer() throws Exception {
        try (ServerSocketChannel dying = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dying.bind(UnixDomainSocketAddress.of(runDir.resolve("pluginevent.sock")));
            Thread.ofPlatform().daemon().start(() -> answerHalf(dying));

            Plugin.Outcome outcome = Plugin.add("n", "p", "/n").run(config(RESULT));
            assertThat(outcome.status()).isEqualTo(1);
            assertThat(outcome.output()).contains("\"code\":11", "ended early");
        }
    }

    private static void answerHalf(ServerSocketChannel listener) {
        try (SocketChannel peer = listener.accept()) {
            HttpRequest.read(Channels.newInputStream(peer));
            Channels.newOutputStream(peer)
                    .write("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}".getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void givesUpOnAnAgentThatNeverAnswers() throws Exception {
        try (ServerSocketChannel silent = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            silent.bind(UnixDomainSocketAddress.of(runDir.resolve("pluginevent.sock")));

            Plugin.Outcome outcome = Plugin.add("n", "p", "/n").run(config(RESULT));
            assertThat(outcome.status()).isEqualTo(1);
            assertThat(outcome.output()).contains("did not answer in time");
        }
    }

    @Test
    void givesUpOnAnAgentThatNeverAccepts() throws Exception {
        Path path = runDir.resolve("pluginevent.sock");
        List<SocketChannel> waiting = new ArrayList<>();
        try (ServerSocketChannel stuck = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            stuck.bind(UnixDomainSocketAddress.of(path), 1);
            fillQueue(path, waiting);

            Plugin.Outcome outcome = Plugin.add("n", "p", "/n").run(config(RESULT));
            assertThat(outcome.status()).isEqualTo(1);
            assertThat(outcome.output()).contains("\"code\":11", "errno 110");
        } finally {
            for (SocketChannel channel : waiting) {
                channel.close();
            }
        }
    }

    /** Until the kernel takes no more connections for a listener that does not accept. */
    private static void fillQueue(Path path, List<SocketChannel> waiting) throws IOException {
        for (int i = 0; i < 100; i++) {
            SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            waiting.add(channel);
            channel.configureBlocking(false);
            try {
                if (!channel.connect(UnixDomainSocketAddress.of(path))) {
                    return;
                }
            } catch (SocketException e) {
                return;
            }
        }
        throw new IllegalStateException("the queue does not fill");
    }

    @ParameterizedTest
    @CsvSource({
        "istio-system, istio-cni-node-abcde, the agent's own pod",
        "kube-system, dns, an excluded namespace",
        "'', p, no Kubernetes pod",
    })
    void letsPodsStartThatMustNotDependOnTheAgent(String namespace, String name, String what) throws Exception {
        Plugin.Outcome outcome = Plugin.add(namespace, name, "/n").run(config(RESULT));
        assertThat(outcome).as(what).isEqualTo(new Plugin.Outcome(0, RESULT + "\n", ""));
    }

    @ParameterizedTest
    @CsvSource({"other, istio-cni-node-abcde", "istio-system, istio-cni-nod", "kube-systemx, dns"})
    void takesNoOtherPodForOneOfThose(String namespace, String name) throws Exception {
        assertThat(Plugin.add(namespace, name, "/n").run(config(RESULT)).status())
                .isEqualTo(1);
    }

    @Test
    void printsAnEmptyResultWithoutAPreviousOne() throws Exception {
        assertThat(Plugin.add("kube-system", "dns", "/n").run(config("null")).output())
                .isEqualTo("{\"cniVersion\":\"1.0.0\"}\n");
    }

    @Test
    void answersVersionByItself() throws Exception {
        Plugin.Outcome outcome =
                Plugin.add("n", "p", "/n").with("CNI_COMMAND", "VERSION").run("{\"cniVersion\":\"1.1.0\"}");
        assertThat(outcome.output())
                .isEqualTo("{\"cniVersion\":\"1.1.0\",\"supportedVersions\":[\"0.1.0\",\"0.2.0\",\"0.3.0\",\"0.3.1\","
                        + "\"0.4.0\",\"1.0.0\",\"1.1.0\"]}\n");
    }

    @ParameterizedTest
    @CsvSource({
        "DEL, 0.1.0, 0",
        "CHECK, 0.3.1, 1",
        "CHECK, 0.4.0, 0",
        "GC, 1.0.0, 1",
        "GC, 1.1.0, 0",
        "STATUS, 1.1.0, 0",
        "STATUS, 1.0.0, 1",
        "UPDATE, 1.1.0, 1",
    })
    void hasNothingToDoForOtherCommandsOfTheRightVersion(String command, String version, int status) throws Exception {
        Plugin.Outcome outcome = Plugin.add("n", "p", "/n")
                .with("CNI_COMMAND", command)
                .run("{\"cniVersion\":\"" + version + "\",\"name\":\"net\"}");
        assertThat(outcome.status()).isEqualTo(status);
        assertThat(outcome.output()).matches(status == 0 ? "" : "(?s)\\{.*\"code\":[14],.*}\n");
    }

    @Test
    void saysWhatItIsWithoutACommand() throws Exception {
        Plugin.Outcome outcome =
                Plugin.add("n", "p", "/n").with("CNI_COMMAND", "").run("");
        assertThat(outcome.status()).isZero();
        assertThat(outcome.output()).isEmpty();
        assertThat(outcome.errors()).contains("culvert-cni");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "null",
                "{\"name\":\"net\"",
                "{\"name\":\"net\"}x",
                "{\"name\":\"net\",}",
                "{\"name\":\"a\",\"name\":\"b\"}",
                "{\"name\":\"n\\u00zz\"}",
                "{\"name\":nul}",
                "{\"name\":01}",
                "{\"name\":\"net\",\"cniVersion\":\"9.9.9\"}",
                "{\"name\":\"net\",\"cniVersion\":7}",
                "{\"name\":\"../x\"}",
                "{\"name\":\"\"}",
                "{}",
                "{\"name\":\"net\",\"cni_agent_run_dir\":\"/a\\nb\"}",
            })
    void refusesMalformedConfigurations(String stdin) throws Exception {
        Plugin.Outcome outcome = Plugin.add("n", "p", "/n").run(stdin);
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.output()).matches("(?s)\\{\"cniVersion\":\"[^\"]+\",\"code\":[167],\"msg\":\".*\"}\n");
    }

    @Test
    void refusesOversizedAndDeepConfigurations() throws Exception {
        Plugin plugin = Plugin.add("n", "p", "/n");
        assertThat(plugin.run("{\"name\":\"net\",\"a\":\"" + "x".repeat(10_000_000) + "\"}")
                        .output())
                .contains("longer than 1 MiB");
        assertThat(plugin.run("{\"name\":\"net\",\"a\":" + "[".repeat(500_000)).output())
                .contains("nested too deeply");
    }

    @Test
    void refusesHostileVariables() throws Exception {
        try (EventServer _ = serve()) {
            assertThat(Plugin.add("n", "p", "/n\r\nX-Cni-Args: K8S_POD_NAME=q")
                            .run(config(RESULT))
                            .output())
                    .contains("\"code\":4", "control character");
            assertThat(Plugin.add("n", "p", "/" + "n".repeat(9000))
                            .run(config(RESULT))
                            .output())
                    .contains("\"code\":4", "longer than 8 KiB");
            assertThat(Plugin.add("n", "p", "").run(config(RESULT)).output()).contains("\"code\":4");
            assertThat(asked).isEmpty();
        }
    }

    @Test
    void refusesItsOwnNamespace() throws Exception {
        assertThat(Plugin.add("n", "p", "/proc/self/ns/net").run(config(RESULT)).output())
                .contains("the plugin's own network namespace");
    }

    @Test
    void refusesASocketPathThatDoesNotFit() throws Exception {
        assertThat(Plugin.add("n", "p", "/n")
                        .run(config(RESULT).replace(runDir.toString(), "/" + "x".repeat(120)))
                        .output())
                .contains("longer than 107 bytes");
    }

    @Test
    void isRefusedByTheAgentWhenAnotherUserRunsIt() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")), "not run: only root can become somebody else");
        Path copy = Files.copy(Plugin.executable(), runDir.resolve("culvert-cni"));
        try (EventServer _ = serve()) {
            // The file's mode alone would keep them out; the agent must as well.
            for (Path path : List.of(runDir, runDir.resolve("pluginevent.sock"), copy)) {
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxrwxrwx"));
            }
            Plugin.Outcome outcome = Plugin.add("n", "p", "/n")
                    .by("setpriv", "--reuid=65534", "--clear-groups")
                    .run(config(RESULT));
            assertThat(outcome.status()).isEqualTo(1);
            assertThat(outcome.output()).contains("\"code\":11");
            assertThat(asked).isEmpty();
        }
    }

    private EventServer serve() throws IOException {
        return EventServer.start(
                runDir.resolve("pluginevent.sock"),
                (request, honourExclusions) -> {
                    asked.add(request);
                    return decision;
                },
                status -> {});
    }

    private String config(String previous) {
        return "{\"cniVersion\":\"1.0.0\",\"name\":\"net\",\"type\":\"culvert-cni\",\"cni_agent_run_dir\":\"" + runDir
                + "\",\"pod_namespace\":\"istio-system\",\"exclude_namespaces\":[ \"kube-system\" , \"x\"],"
                + "\"prevResult\":" + previous + "}";
    }
}
