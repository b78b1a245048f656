package io.culvert.proxy.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.tls.CaForTests.Spec;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file of revocation lists that comes late, is broken, is mended, is replaced and goes. */
class RevocationFileTest {

    @TempDir
    private Path directory;

    private static final long HEAP_BYTES = 100L * 1024 * 1024;

    private final Revocation revocation = new Revocation();
    private final ControlLoopForTests control = new ControlLoopForTests();
    private CaForTests ca;
    private X509Certificate leaf;
    private Path path;
    private RevocationFile file;

    @BeforeEach
    void prepare() throws Exception {
        ca = CaForTests.root("root");
        leaf = ca.leaf(Spec.of("spiffe://cluster.local/ns/a/sa/leaf"));
        path = directory.resolve("ca.crl");
        file = new RevocationFile(path, revocation, control, Runnable::run, HEAP_BYTES);
    }

    private void begin() {
        file.load();
        file.follow();
    }

    private boolean revoked() throws Exception {
        return revocation.revokes(ChainVerifier.verify(
                        CaForTests.der(leaf), new TrustRoots(List.of(ca.certificate())), ChainVerifier.PeerRole.CLIENT)
                .peer());
    }

    @Test
    void isInForceBeforeTheFirstConnection() throws Exception {
        Files.writeString(path, ca.revocationList(leaf));
        begin();
        assertThat(revoked()).isTrue();
        assertThat(file.problem()).isEmpty();
        assertThat(file.applied()).isEqualTo(1);
    }

    @Test
    void mayComeLater() throws Exception {
        begin();
        assertThat(file.problem()).hasValueSatisfying(why -> assertThat(why).endsWith("is not there"));
        Files.writeString(path, ca.revocationList(leaf));
        control.tick();
        assertThat(revoked()).isFalse();
        control.tick();
        assertThat(revoked()).isTrue();
        assertThat(file.problem()).isEmpty();
    }

    @Test
    void aBrokenOneRevokesNothingUntilItIsMended() throws Exception {
        Files.writeString(path, "not a valid CRL");
        begin();
        assertThat(file.problem())
                .hasValueSatisfying(why -> assertThat(why).startsWith("CRL error: failed to parse crl 1: "));
        assertThat(revoked()).isFalse();
        replace(ca.revocationList(leaf));
        assertThat(revoked()).isTrue();
    }

    @Test
    void oneThatBreaksLaterLeavesWhatItSaidInForce() throws Exception {
        Files.writeString(path, ca.revocationList(leaf));
        begin();
        replace("-----BEGIN X509 CRL-----");
        assertThat(revoked()).isTrue();
        assertThat(file.problem()).isPresent();
        assertThat(file.rejected()).isEqualTo(1);
    }

    @Test
    void oneThatIsTakenAwayLeavesWhatItSaidInForceAndAnEmptyOneDoesNot() throws Exception {
        Files.writeString(path, ca.revocationList(leaf));
        begin();
        Files.delete(path);
        control.tick();
        control.tick();
        assertThat(revoked()).isTrue();
        assertThat(file.problem()).isPresent();
        replace("");
        assertThat(revoked()).isFalse();
        assertThat(file.problem()).isEmpty();
    }

    @Test
    void isLeftAloneWhileItIsBeingWritten() throws Exception {
        begin();
        String whole = ca.revocationList(leaf);
        Files.writeString(path, whole.substring(0, whole.length() / 2));
        control.tick();
        Files.writeString(path, whole);
        control.tick();
        assertThat(file.rejected()).isZero();
        control.tick();
        assertThat(revoked()).isTrue();
        assertThat(file.rejected()).isZero();
    }

    /** As the kubelet replaces what a ConfigMap mounts: by a link to another directory. */
    @Test
    void isFollowedThroughLinks() throws Exception {
        Path old = Files.createDirectory(directory.resolve("..2026_1"));
        Path fresh = Files.createDirectory(directory.resolve("..2026_2"));
        Files.writeString(old.resolve("ca.crl"), ca.revocationList());
        Files.writeString(fresh.resolve("ca.crl"), ca.revocationList(leaf));
        Path link = Files.createSymbolicLink(directory.resolve("..data"), old);
        Files.createSymbolicLink(path, Path.of("..data/ca.crl"));
        begin();
        assertThat(revoked()).isFalse();
        Path next = Files.createSymbolicLink(directory.resolve("..data_tmp"), fresh);
        Files.move(next, link, StandardCopyOption.ATOMIC_MOVE);
        control.tick();
        control.tick();
        assertThat(revoked()).isTrue();
    }

    @Test
    void oneThatWouldTakeTheHeapIsNotEvenRead() throws Exception {
        try (var sparse = new RandomAccessFile(path.toFile(), "rw")) {
            sparse.setLength(RevocationFile.bytesMax(HEAP_BYTES) + 1);
        }
        begin();
        assertThat(file.problem())
                .hasValueSatisfying(why -> assertThat(why).contains("1638400 are the most for this heap"));
    }

    @Test
    void boundsTheFileByTheHeapAndInAnyCase() {
        assertThat(RevocationFile.bytesMax(96L << 20)).isEqualTo(1_536 << 10);
        assertThat(RevocationFile.bytesMax(1L << 40)).isEqualTo(32 << 20);
    }

    private void replace(String content) throws IOException {
        Path next = Files.writeString(directory.resolve("next"), content);
        Files.move(next, path, StandardCopyOption.REPLACE_EXISTING);
        control.tick();
        control.tick();
    }
}
