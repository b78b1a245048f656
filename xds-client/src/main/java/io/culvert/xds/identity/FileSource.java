package io.culvert.xds.identity;

import io.culvert.xds.channel.ControlLoop;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Certificates from files that somebody else keeps fresh, as cert-manager's csi-driver-spiffe lays them: {@code
 * tls.crt} (leaf and intermediates), {@code tls.key} (PKCS#8) and {@code ca.crt} (roots), in the directory itself or in
 * directories below it, one for each identity; whose they are, the leaf's URI says. Writers replace them all at once by
 * moving a symbolic link: the files of one identity are read through one resolved directory, and a set that does not
 * belong together is left for the next look.
 *
 * <p>The directory is looked at every {@value #LOOK_SECONDS} seconds rather than watched: inotify sees neither what is
 * below a moved link nor other nodes' writes, and a look costs one stat per file. Happens on the executor given.
 */
public final class FileSource implements CertificateSource {
    private static final Logger LOG = LoggerFactory.getLogger(FileSource.class);
    private static final int LOOK_SECONDS = 2;
    /** Directories of identities; a node has some hundreds of pods. */
    private static final int DIRECTORIES_MAX = 16_384;
    /** Far more than a chain or a bundle takes. */
    private static final long FILE_BYTES_MAX = 1 << 20;

    private static final List<String> NAMES = List.of("tls.crt", "tls.key", "ca.crt");

    private final Path root;
    private final ControlLoop control;
    private final Executor files;

    /** The executor's: what each directory was at the last look. */
    private final Map<Path, Seen> seen = new HashMap<>();

    /** The control loop's. */
    private Map<Identity, WorkloadCertificate> found = Map.of();

    private boolean looked;
    private @Nullable Updates updates;

    /** @param certificate none: it cannot be used, which was said */
    private record Seen(Mark mark, Optional<WorkloadCertificate> certificate) {}

    /** Tells whether files are the same as at an earlier look: where they really are, when written, how long. */
    private record Mark(List<Path> real, List<FileTime> modified, List<Long> bytes) {}

    public FileSource(Path root, ControlLoop control, Executor files) {
        this.root = root;
        this.control = control;
        this.files = files;
    }

    @Override
    public void follow(Updates listener) {
        control.execute(() -> {
            updates = listener;
            look();
        });
    }

    @Override
    public void fetch(Identity identity, Sink sink) {
        control.execute(() -> {
            WorkloadCertificate known = found.get(identity);
            if (known != null) {
                sink.issued(known);
            } else if (looked) {
                sink.failed("no certificate of " + identity + " in " + root + ": expected tls.crt, tls.key and ca.crt"
                        + " there or in a directory below");
            } else {
                sink.unreachable("the certificates in " + root + " have not been read yet");
            }
        });
    }

    private void look() {
        try {
            files.execute(() -> {
                Map<Identity, WorkloadCertificate> now = scan();
                control.execute(() -> replace(now));
            });
        } catch (RejectedExecutionException e) {
            LOG.debug("shutting down");
        }
    }

    private void replace(Map<Identity, WorkloadCertificate> now) {
        Set<Identity> gone = new HashSet<>(found.keySet());
        gone.removeAll(now.keySet());
        Map<Identity, WorkloadCertificate> before = found;
        found = now;
        looked = true;
        Updates listener = updates;
        if (listener != null) {
            now.forEach((identity, certificate) -> {
                if (before.get(identity) != certificate) {
                    LOG.info("certificate of {} read from {}, valid until {}", identity, root, certificate.notAfter());
                    listener.renewed(certificate);
                }
            });
            gone.forEach(identity -> listener.withdrawn(identity, "its files are gone from " + root));
        }
        control.schedule(Duration.ofSeconds(LOOK_SECONDS), this::look);
    }

    private Map<Identity, WorkloadCertificate> scan() {
        Map<Identity, WorkloadCertificate> now = new HashMap<>();
        Set<Path> present = new HashSet<>();
        for (Path directory : directories()) {
            present.add(directory);
            read(directory).ifPresent(certificate -> now.putIfAbsent(certificate.identity(), certificate));
        }
        seen.keySet().retainAll(present);
        return Map.copyOf(now);
    }

    private Set<Path> directories() {
        Set<Path> directories = new HashSet<>(Set.of(root));
        // Kubernetes' own writers keep "..data" and "..2026_..." beside the links that matter.
        try (DirectoryStream<Path> below = Files.newDirectoryStream(
                root, path -> !path.getFileName().toString().startsWith("."))) {
            for (Path path : below) {
                if (directories.size() < DIRECTORIES_MAX && Files.isDirectory(path)) {
                    directories.add(path);
                }
            }
        } catch (IOException e) {
            LOG.debug("{} cannot be listed: {}", root, e.toString());
        }
        return directories;
    }

    /** What could be read before stays in use while what is there now cannot be. */
    private Optional<WorkloadCertificate> read(Path directory) {
        Seen before = seen.get(directory);
        try {
            Mark mark = mark(directory);
            if (before != null && before.mark.equals(mark)) {
                return before.certificate;
            }
            Optional<WorkloadCertificate> former = before == null ? Optional.empty() : before.certificate;
            Optional<WorkloadCertificate> certificate = former;
            String problem = "";
            try {
                certificate = Optional.of(load(mark.real));
            } catch (CertificateRejected e) {
                problem = String.valueOf(e.getMessage());
            }
            if (!mark(directory).equals(mark)) {
                // Moved while it was read: what was read may be half of one set and half of another.
                return former;
            }
            if (!problem.isEmpty()) {
                LOG.warn("the certificate in {} cannot be used: {}", directory, problem);
            }
            seen.put(directory, new Seen(mark, certificate));
            return certificate;
        } catch (NoSuchFileException e) {
            // Gone, or not a directory of an identity; a link that is being moved is there at the next look.
            seen.remove(directory);
            return Optional.empty();
        } catch (IOException e) {
            LOG.warn("the certificate in {} cannot be read: {}", directory, e.toString());
            return before == null ? Optional.empty() : before.certificate;
        }
    }

    private static Mark mark(Path directory) throws IOException {
        List<Path> real = new ArrayList<>();
        List<FileTime> modified = new ArrayList<>();
        List<Long> bytes = new ArrayList<>();
        for (String name : NAMES) {
            Path file = directory.resolve(name).toRealPath();
            real.add(file);
            modified.add(Files.getLastModifiedTime(file));
            bytes.add(Files.size(file));
        }
        return new Mark(real, modified, bytes);
    }

    private static WorkloadCertificate load(List<Path> real) throws IOException, CertificateRejected {
        String chain = text(real.getFirst());
        byte[] key = text(real.get(1)).getBytes(StandardCharsets.UTF_8);
        String roots = text(real.getLast());
        try {
            Identity identity = WorkloadCertificate.identityOf(chain)
                    .orElseThrow(() -> new CertificateRejected(
                            "its first URI is not of the form spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT"));
            WorkloadCertificate certificate = WorkloadCertificate.fromPem(identity, key, List.of(chain, roots));
            KeyMatch.check(key, certificate.chain().getFirst());
            return certificate;
        } catch (CertificateException e) {
            throw new CertificateRejected("failed to process string: " + e.getMessage(), e);
        }
    }

    private static String text(Path file) throws IOException {
        if (Files.size(file) > FILE_BYTES_MAX) {
            throw new IOException(file + " has more than " + FILE_BYTES_MAX + " bytes");
        }
        return Files.readString(file);
    }
}
