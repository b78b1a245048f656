package io.culvert.xds.identity;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.xds.channel.ManualLoop;
import io.culvert.xds.channel.TestAuthority;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyPair;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Directories as cert-manager's csi-driver-spiffe lays and replaces them. */
final class FileSourceTest {
    private static final Identity A = new Identity("td", "ns", "a");
    private static final Identity B = new Identity("td", "ns", "b");
    private static final Duration LOOK = Duration.ofSeconds(2);

    private final ManualLoop loop = new ManualLoop();
    private final TestAuthority root = TestAuthority.root("root");
    private final TestAuthority intermediate = root.intermediate("intermediate");
    private final List<String> heard = new ArrayList<>();

    @TempDir
    private Path directory;

    private CertificateManager manager;
    private int sets;

    @BeforeEach
    void start() {
        manager = new CertificateManager(
                new FileSource(directory, loop, Runnable::run),
                CertificatePreparation.NONE,
                Renewal.AT_HALF_LIFE,
                loop,
                new Random(1));
        loop.run();
    }

    private void request(Identity identity) {
        manager.request(identity, Priority.REAL_TIME, new CertificateListener() {
            @Override
            public void onCertificate(WorkloadCertificate certificate) {
                heard.add("ok");
            }

            @Override
            public void onFailure(String reason) {
                heard.add(reason);
            }
        });
        loop.run();
    }

    /** A set of files in a directory of its own, to which "..data" is moved at once; the names link through it. */
    private void lay(Path volume, Identity identity, KeyPair certified, KeyPair written) throws IOException {
        Path set = Files.createDirectories(volume.resolve("..set" + ++sets));
        var from = loop.instant();
        String leaf = TestAuthority.pem(intermediate.sign(
                certified.getPublic(), from, from.plus(Duration.ofHours(1)), TestAuthority.uri(identity.toString())));
        Files.writeString(set.resolve("tls.crt"), leaf + intermediate.pem());
        Files.writeString(set.resolve("tls.key"), TestAuthority.pem(written.getPrivate()));
        Files.writeString(set.resolve("ca.crt"), root.pem());
        Path fresh = Files.createSymbolicLink(volume.resolve("..data_tmp"), set.getFileName());
        Files.move(
                fresh, volume.resolve("..data"), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        for (String name : List.of("tls.crt", "tls.key", "ca.crt")) {
            Path link = volume.resolve(name);
            if (!Files.isSymbolicLink(link)) {
                Files.createSymbolicLink(link, Path.of("..data", name));
            }
        }
        loop.advance(LOOK);
    }

    private void lay(Path volume, Identity identity) throws IOException {
        KeyPair keys = TestAuthority.newKeys();
        lay(volume, identity, keys, keys);
    }

    @Test
    void findsOneInTheDirectoryItselfAndOthersBelow() throws IOException {
        lay(directory, A);
        lay(directory.resolve("b"), B);
        request(A);
        request(B);

        assertThat(heard).containsExactly("ok", "ok");
        assertThat(manager.current(A)).satisfies(found -> {
            assertThat(found.chain()).hasSize(2);
            assertThat(found.roots()).hasSize(1);
        });
    }

    @Test
    void followsEachReplacementAtOnce() throws IOException {
        lay(directory, A);
        request(A);
        for (int i = 0; i < 5; i++) {
            WorkloadCertificate before = manager.current(A);
            loop.advance(LOOK.multipliedBy(3));
            assertThat(manager.current(A)).as("nothing changed").isSameAs(before);
            lay(directory, A);
            assertThat(manager.current(A)).isNotNull().isNotSameAs(before);
        }
    }

    @Test
    void saysWhatIsMissingAndTakesItWhenItComes() throws IOException {
        request(A);
        assertThat(heard).singleElement().asString().startsWith("no certificate of " + A + " in " + directory);

        lay(directory.resolve("late"), A);
        request(A);
        assertThat(heard).endsWith("ok");
    }

    @Test
    void keepsWhatItHasWhileASetDoesNotBelongTogether() throws IOException {
        lay(directory, A);
        request(A);
        WorkloadCertificate good = manager.current(A);
        lay(directory, A, TestAuthority.newKeys(), TestAuthority.newKeys());
        assertThat(manager.current(A)).isSameAs(good);
        Files.writeString(directory.resolve("..data/tls.crt"), "no certificate");
        loop.advance(LOOK);
        assertThat(manager.current(A)).isSameAs(good);

        lay(directory, A);
        assertThat(manager.current(A)).isNotNull().isNotSameAs(good);
    }

    @Test
    void doesNotUseWhatWasTakenAway() throws IOException {
        lay(directory, A);
        request(A);
        Files.delete(directory.resolve("tls.key"));
        loop.advance(LOOK);
        request(A);

        assertThat(manager.current(A)).isNull();
        assertThat(heard.getLast()).contains("its files are gone");
    }
}
