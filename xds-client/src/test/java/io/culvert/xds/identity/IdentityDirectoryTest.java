package io.culvert.xds.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.culvert.xds.channel.ManualLoop;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys that outlive the process, in memory; every Linux has a tmpfs at /dev/shm. */
@Tag("direct")
final class IdentityDirectoryTest {
    private static final Identity A = new Identity("td", "ns", "a");
    private static final Identity B = new Identity("td", "ns", "b");
    private static final Duration DAY = Duration.ofDays(1);

    private final ManualLoop loop = new ManualLoop();
    private final SimulatedSource authority = new SimulatedSource(loop, DAY);
    private final List<String> heard = new ArrayList<>();

    private Path memory;
    private Path directory;

    @BeforeEach
    void make() throws IOException {
        Path shared = Path.of("/dev/shm");
        assumeTrue(
                Files.isWritable(shared) && Files.getFileStore(shared).type().equals("tmpfs"),
                "no writable tmpfs at /dev/shm");
        memory = Files.createTempDirectory(shared, "culvert-test-");
        directory = memory.resolve("identities");
    }

    @AfterEach
    void remove() throws IOException {
        if (memory != null) {
            try (Stream<Path> all = Files.walk(memory)) {
                for (Path path : all.sorted((a, b) -> b.compareTo(a)).toList()) {
                    Files.delete(path);
                }
            }
        }
    }

    private CertificateManager process() throws IOException {
        var kept = new KeepingSource(authority, IdentityDirectory.open(directory), loop, Runnable::run);
        return new CertificateManager(kept, CertificatePreparation.NONE, Renewal.AT_HALF_LIFE, loop, new Random(3));
    }

    private void request(CertificateManager manager, Identity identity) {
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
        loop.advance(Duration.ofSeconds(1));
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }

    @Test
    void aSecondProcessHasItsKeysBeforeTheAuthorityAnswers() throws IOException {
        CertificateManager first = process();
        request(first, A);
        WorkloadCertificate issued = Objects.requireNonNull(first.current(A));
        authority.mode = SimulatedSource.Mode.AWAY;

        CertificateManager second = process();
        request(second, A);
        request(second, B);

        assertThat(heard).containsExactly("ok", "ok", "signing gRPC error (UNAVAILABLE)");
        assertThat(second.current(A)).isNotNull().satisfies(kept -> {
            assertThat(kept.chain()).isEqualTo(issued.chain());
            assertThat(kept.roots()).isEqualTo(issued.roots());
            assertThat(kept.privateKeyPem()).isEqualTo(issued.privateKeyPem());
        });
    }

    @Test
    void filesAreTheirOwnersAlone() throws IOException {
        request(process(), A);

        assertThat(files())
                .singleElement()
                .satisfies(file -> assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                        .isEqualTo("rw-------"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)))
                .isEqualTo("rwx------");
    }

    @Test
    void anExpiredOneIsNotUsed() throws IOException {
        request(process(), A);
        authority.mode = SimulatedSource.Mode.AWAY;
        loop.advance(DAY.multipliedBy(2));
        heard.clear();
        CertificateManager late = process();
        request(late, A);

        assertThat(heard).containsExactly("signing gRPC error (UNAVAILABLE)");
        assertThat(late.current(A)).isNull();
    }

    @Test
    void aDamagedOneAndOneOfAnotherIdentityAreNotUsed() throws IOException {
        request(process(), A);
        Path file = files().getFirst();
        String good = Files.readString(file);
        int asked = authority.asked.size();
        for (String bad : List.of("", "x", good.substring(0, good.length() / 2), good.replace("/sa/a", "/sa/b"))) {
            Files.writeString(file, bad);
            CertificateManager next = process();
            request(next, A);
            assertThat(authority.asked).hasSize(++asked);
            assertThat(next.current(A)).isNotNull();
        }
    }

    @Test
    void whatIsForgottenIsDeletedAndWhatNobodyClaimsIsSwept() throws IOException {
        CertificateManager first = process();
        request(first, A);
        request(first, B);
        assertThat(files()).hasSize(2);
        first.forget(A);
        loop.run();
        assertThat(files()).hasSize(1);
        first.close();

        Path after = memory.resolve("after");
        Files.move(directory, after);
        directory = after;
        Files.createFile(directory.resolve("x.identity.new"));
        process();
        loop.advance(KeepingSource.SWEEP);
        assertThat(files()).isEmpty();
    }

    @Test
    void refusesADirectoryOnADisk(@TempDir Path disk) throws IOException {
        assumeTrue(!Files.getFileStore(disk).type().equals("tmpfs"), "the temporary directory is in memory");

        assertThatThrownBy(() -> IdentityDirectory.open(disk.resolve("identities")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("keys must not reach a disk");
    }

    @Test
    void refusesADirectoryThatOthersMayEnter() throws IOException {
        Files.createDirectory(directory);
        for (String mode : List.of("rwxr-x---", "rwx--x---", "rwx---r--")) {
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString(mode));
            assertThatThrownBy(() -> IdentityDirectory.open(directory))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("its mode is " + mode);
        }
    }

    @Test
    void refusesALink() throws IOException {
        Path real = Files.createDirectory(
                memory.resolve("real"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.createSymbolicLink(directory, real);

        assertThatThrownBy(() -> IdentityDirectory.open(directory)).hasMessageContaining("not a link");
    }
}
