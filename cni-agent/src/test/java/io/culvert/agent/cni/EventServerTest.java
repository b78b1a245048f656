package io.culvert.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.culvert.agent.eligibility.Verdict;
import io.culvert.agent.enrol.AddRequest;
import io.culvert.agent.enrol.Admission;
import io.culvert.agent.kernel.Kernel;
import io.culvert.agent.pod.PodRef;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Both dialects over a real Unix socket, with the decision given. */
@Tag("direct")
final class EventServerTest {
    private static final String EVENT =
            "{\"Netns\":\"/var/run/netns/a\",\"PodName\":\"p\",\"PodNamespace\":\"n\",\"IPs\":null}";
    private static final String CONFIG =
            "{\"cniVersion\":\"1.0.0\",\"name\":\"net\",\"prevResult\":{\"cniVersion\":\"1.0.0\",\"n\":1.0}}";
    private static final String POD =
            "X-Cni-Args: IgnoreUnknown=1;K8S_POD_NAMESPACE=n;K8S_POD_NAME=p;K8S_POD_UID=u\r\n";

    @TempDir
    private Path directory;

    private final List<AddRequest> asked = new CopyOnWriteArrayList<>();
    private final List<Integer> statuses = new CopyOnWriteArrayList<>();
    private volatile Admission decision = new Admission.Enrolled();
    private volatile boolean exclusionsHonoured;
    private Path socket;
    private EventServer server;

    @BeforeEach
    void start() throws IOException {
        socket = directory.resolve("run/pluginevent.sock");
        server = EventServer.start(
                socket,
                (request, honourExclusions) -> {
                    asked.add(request);
                    exclusionsHonoured = honourExclusions;
                    return decision;
                },
                statuses::add);
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    @Test
    void answersIstiosPluginWithAnEmptyBody() throws IOException {
        String answer = post("/cmdadd", "", EVENT);

        assertThat(answer).startsWith("HTTP/1.1 200 OK\r\n").endsWith("\r\n\r\n");
        assertThat(asked).hasSize(1);
        assertThat(asked.getFirst().pod()).isEqualTo(new PodRef("n", "p"));
        assertThat(exclusionsHonoured).isFalse();
        assertThat(statuses).containsExactly(200);
    }

    @Test
    void failsThePodThatCannotBeEnrolled() throws IOException {
        decision = new Admission.Failed("no node proxy is connected");
        assertThat(post("/cmdadd", "", EVENT)).startsWith("HTTP/1.1 500 ").endsWith("no node proxy is connected\n");
        assertThat(statuses).containsExactly(500);
    }

    @Test
    void failsAPodThatIstiosPluginFoundEligibleAndWeDoNot() throws IOException {
        decision = new Admission.NotEligible(Verdict.NOT_SELECTED);
        assertThat(post("/cmdadd", "", EVENT)).startsWith("HTTP/1.1 500 ").contains("unexpectedly not eligible");
    }

    @Test
    void refusesMissingAndMalformedBodies() throws IOException {
        assertThat(post("/cmdadd", "", "")).startsWith("HTTP/1.1 400 ");
        assertThat(post("/cmdadd", "", "{")).startsWith("HTTP/1.1 400 ");
        assertThat(post("/elsewhere", "", EVENT)).startsWith("HTTP/1.1 404 ");
        assertThat(asked).isEmpty();
    }

    @Test
    void givesTheRelayThePreviousResultUntouched() throws IOException {
        String answer = post("/cni", "X-Cni-Command: ADD\r\nX-Cni-Netns: /n\r\n" + POD, CONFIG);

        assertThat(answer).startsWith("HTTP/1.1 200 OK\r\n").endsWith("\r\n\r\n{\"cniVersion\":\"1.0.0\",\"n\":1.0}");
        assertThat(asked).containsExactly(new AddRequest(new PodRef("n", "p"), "u", "/n", List.of()));
        assertThat(exclusionsHonoured).isTrue();
    }

    @Test
    void letsPodsThatAreNotEligibleStart() throws IOException {
        decision = new Admission.NotEligible(Verdict.HOST_NETWORK);
        assertThat(post("/cni", "X-Cni-Command: ADD\r\n" + POD, CONFIG)).startsWith("HTTP/1.1 200 ");
    }

    @Test
    void letsContainersThatAreNoPodsStartUnasked() throws IOException {
        assertThat(post("/cni", "X-Cni-Command: ADD\r\n", CONFIG)).startsWith("HTTP/1.1 200 ");
        assertThat(asked).isEmpty();
    }

    @Test
    void givesTheRelayAnErrorObject() throws IOException {
        decision = new Admission.Failed("because \"x\"");
        assertThat(post("/cni", "X-Cni-Command: ADD\r\n" + POD, CONFIG))
                .startsWith("HTTP/1.1 500 ")
                .endsWith("{\"cniVersion\":\"1.0.0\",\"code\":11,\"msg\":\"culvert-cni: pod n/p cannot join the mesh"
                        + " now\",\"details\":\"because \\\"x\\\"\"}");
        assertThat(post("/cni", "X-Cni-Command: DEL\r\n" + POD, CONFIG)).contains("\"code\":4");
        assertThat(post("/cni", "X-Cni-Command: ADD\r\n" + POD, "{")).contains("\"code\":6");
    }

    @Test
    void refusesRequestsThatBreakTheProtocolAndGoesOn() throws IOException {
        assertThat(send("GARBAGE\r\n\r\n")).startsWith("HTTP/1.1 400 ");
        assertThat(send("POST /cmdadd HTTP/1.1\r\nno colon\r\n\r\n")).startsWith("HTTP/1.1 400 ");
        assertThat(send("POST /cmdadd HTTP/1.1\r\nContent-Length: x\r\n\r\n")).startsWith("HTTP/1.1 400 ");
        assertThat(send("POST /cmdadd HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n"))
                .startsWith("HTTP/1.1 413 ");
        assertThat(send("POST /cmdadd HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"))
                .startsWith("HTTP/1.1 411 ");
        assertThat(send("POST /cmdadd HTTP/1.1\r\nA: " + "a".repeat(70_000))).startsWith("HTTP/1.1 431 ");
        assertThat(send("POST /cmdadd HTTP/1.1\r\n")).isEmpty();
        assertThat(post("/cmdadd", "", EVENT)).startsWith("HTTP/1.1 200 ");
    }

    @Test
    void keepsTheSocketFromOthers() throws IOException {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
                .isEqualTo("rw-------");
    }

    @Test
    void takesTheSocketAwayWhenItStops() throws IOException {
        server.close();
        assertThat(socket).doesNotExist();
        assertThatThrownBy(() -> post("/cmdadd", "", EVENT)).isInstanceOf(IOException.class);
    }

    @Test
    void servesManyAtOnceAndLeavesNothingOpen() throws Exception {
        // The first round brings up the pollers of virtual threads, which stay.
        postAtOnce(100);
        int before = Kernel.openDescriptors();
        postAtOnce(100);
        Kernel.await("all closed").until(() -> Kernel.openDescriptors() <= before);
    }

    private void postAtOnce(int count) throws Exception {
        try (var threads = Executors.newFixedThreadPool(count)) {
            var all = new ArrayList<Future<String>>();
            for (int i = 0; i < count; i++) {
                all.add(threads.submit(() -> post("/cmdadd", "", EVENT)));
            }
            for (var one : all) {
                assertThat(one.get()).startsWith("HTTP/1.1 200 ");
            }
        }
    }

    private String post(String path, String headers, String body) throws IOException {
        int length = body.getBytes(StandardCharsets.UTF_8).length;
        return send("POST " + path + " HTTP/1.1\r\nHost: unix\r\n" + headers + "Content-Length: " + length + "\r\n\r\n"
                + body);
    }

    /** The whole answer; empty where the server ended the connection without one. */
    private String send(String text) throws IOException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            Channels.newOutputStream(channel).write(text.getBytes(StandardCharsets.UTF_8));
            channel.shutdownOutput();
            return new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
