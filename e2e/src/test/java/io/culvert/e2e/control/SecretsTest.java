package io.culvert.e2e.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.e2e.mesh.Programs;
import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshNode;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;
import io.culvert.testkit.workload.TcpResult;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Private keys and tokens are nowhere that anybody could read them: no log at its most talkative, no dump, no metric,
 * no file but those that are there for them.
 */
@Tag("e2e")
final class SecretsTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final byte[] PING = "ping".getBytes(StandardCharsets.US_ASCII);
    private static final int SCALAR_BYTES = 32;
    /** Base64 takes three bytes at a time, and a key can begin at each of them. */
    private static final int BASE64_SHIFTS = 3;

    @Test
    void keysAndTokensAreInNoLogDumpMetricOrFile() throws Exception {
        Programs.assumeMeshesCanRun();
        MeshSpec spec = MeshSpec.mesh("secrets")
                .namespace("default", namespace -> namespace.mesh(true))
                .node("one", node -> node.pod("client", pod -> pod.serviceAccount("client")))
                .node(
                        "two",
                        node -> node.pod(
                                "server", pod -> pod.serviceAccount("server").serves(Kind.ECHO, 7)))
                .build();
        try (KeptState kept = KeptState.create("one");
                Mesh mesh = Mesh.start(
                        spec,
                        Programs.options()
                                .proxyOn("one", kept.proxy())
                                .proxyEnvironment("RUST_LOG", "trace")
                                .build())) {
            Await.untilTrue(
                    "the client is answered",
                    LIMIT,
                    () -> mesh.pod("client").tcp().exchange(mesh.pod("server").at(7), PING)
                            instanceof TcpResult.Answered,
                    () -> "");
            Await.untilTrue(
                    "state and certificates are kept",
                    LIMIT,
                    () -> Files.exists(kept.snapshot()) && !kept.identityFiles().isEmpty(),
                    kept::toString);
            Map<String, byte[]> readable = readable(mesh, kept);
            assertThat(readable.get("log of one"))
                    .as("the log is talkative")
                    .contains("\ttrace\t".getBytes(StandardCharsets.US_ASCII));
            for (Map.Entry<String, byte[]> secret : secrets(mesh, kept).entrySet()) {
                readable.forEach((where, content) -> assertThat(indexOf(content, secret.getValue()))
                        .as(secret.getKey() + " in " + where)
                        .isNegative());
            }
        }
    }

    /** Everything that somebody else than the process may get to see, by what it is. */
    private static Map<String, byte[]> readable(Mesh mesh, KeptState kept) throws IOException {
        Map<String, byte[]> all = new LinkedHashMap<>();
        for (MeshNode node : mesh.nodes()) {
            all.put("log of " + node, Files.readAllBytes(node.proxy().log().path()));
            for (String path : List.of("/config_dump", "/")) {
                all.put(path + " of " + node, text(node.proxy().get(15000, path)));
            }
            all.put("metrics of " + node, text(node.proxy().get(15020, "/stats/prometheus")));
        }
        all.put("state snapshot", Files.readAllBytes(kept.snapshot()));
        try (Stream<Path> files = Files.walk(mesh.directory())) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (!file.endsWith("istio-token")) {
                    all.put(file.toString(), Files.readAllBytes(file));
                }
            }
        }
        return all;
    }

    private static byte[] text(String content) {
        return content.getBytes(StandardCharsets.UTF_8);
    }

    /** The keys that node one's proxy uses now, and its token, in each form in which they could leak. */
    private static Map<String, byte[]> secrets(Mesh mesh, KeptState kept) throws IOException, GeneralSecurityException {
        Map<String, byte[]> secrets = new LinkedHashMap<>();
        secrets.put("a PEM key", text("PRIVATE KEY-----"));
        try (Stream<Path> files = Files.walk(mesh.directory())) {
            for (Path token : files.filter(file -> file.endsWith("istio-token")).toList()) {
                secrets.put("the token " + token, text(Files.readString(token)));
            }
        }
        assertThat(secrets)
                .as("tokens were found")
                .hasSizeGreaterThan(mesh.nodes().size());
        for (Path file : kept.identityFiles()) {
            byte[] scalar = scalar(Files.readString(file));
            String name = "the key of " + file.getFileName();
            secrets.put(name + ", raw", scalar);
            secrets.put(name + ", hex", text(HexFormat.of().formatHex(scalar)));
            secrets.put(name + ", HEX", text(HexFormat.of().formatHex(scalar).toUpperCase(Locale.ROOT)));
            secrets.put(name + ", a list", text(Arrays.toString(scalar)));
            for (int shift = 0; shift < BASE64_SHIFTS; shift++) {
                byte[] rest = Arrays.copyOfRange(scalar, shift, SCALAR_BYTES);
                secrets.put(name + ", base64 by " + shift, Base64.getEncoder().encode(whole(rest)));
            }
        }
        return secrets;
    }

    /** Only groups of three bytes, whose base64 does not depend on what follows. */
    private static byte[] whole(byte[] bytes) {
        return Arrays.copyOf(bytes, bytes.length / BASE64_SHIFTS * BASE64_SHIFTS);
    }

    private static byte[] scalar(String identityFile) throws GeneralSecurityException {
        String begin = "-----BEGIN PRIVATE KEY-----";
        int start = identityFile.indexOf(begin) + begin.length();
        String base64 = identityFile.substring(start, identityFile.indexOf("-----END PRIVATE KEY-----"));
        ECPrivateKey key = (ECPrivateKey) KeyFactory.getInstance("EC")
                .generatePrivate(new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(base64)));
        byte[] signed = key.getS().toByteArray();
        byte[] scalar = new byte[SCALAR_BYTES];
        int length = Math.min(SCALAR_BYTES, signed.length);
        System.arraycopy(signed, signed.length - length, scalar, SCALAR_BYTES - length, length);
        return scalar;
    }

    private static int indexOf(byte[] content, byte[] wanted) {
        for (int from = 0; from <= content.length - wanted.length; from++) {
            if (content[from] == wanted[0]
                    && Arrays.equals(content, from, from + wanted.length, wanted, 0, wanted.length)) {
                return from;
            }
        }
        return -1;
    }
}
