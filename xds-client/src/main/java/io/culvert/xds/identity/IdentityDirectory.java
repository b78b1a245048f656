package io.culvert.xds.identity;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Keys and certificates in a directory that no disk ever sees and nobody else may read: a tmpfs, owned by this
 * process's user, open to nobody else. One file for each identity, replaced as a whole:
 *
 * <pre>
 * culvert-identity 1
 * spiffe://...
 * (private key, PKCS#8, PEM)
 * (leaf and intermediates, PEM)
 * roots
 * (root certificates, PEM)
 * </pre>
 *
 * A tmpfs may be swapped out where the node has swap, which Kubernetes' nodes by default have not.
 */
public final class IdentityDirectory {
    private static final String FIRST_LINE = "culvert-identity 1\n";
    private static final String ROOTS = "\nroots\n";
    private static final String KEY_END = "-----END PRIVATE KEY-----\n";
    private static final String SUFFIX = ".identity";
    /** Far more than a key and a chain take; a larger file is not ours. */
    private static final long FILE_BYTES_MAX = 1 << 20;

    private static final FileAttribute<Set<PosixFilePermission>> OWNERS_FILE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final FileAttribute<Set<PosixFilePermission>> OWNERS_DIRECTORY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    private final Path directory;

    private IdentityDirectory(Path directory) {
        this.directory = directory;
    }

    /**
     * Opens the directory, making its last part if it is not there.
     *
     * @throws IOException if it is not in memory, or anybody else might look into it; the message says what to do
     */
    public static IdentityDirectory open(Path directory) throws IOException {
        if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
            Files.createDirectory(directory, OWNERS_DIRECTORY);
        }
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("it is no directory itself: name the directory, not a link to it");
        }
        String type = Files.getFileStore(directory).type();
        if (!type.equals("tmpfs")) {
            throw new IOException("it is on " + type + ", and keys must not reach a disk: mount a tmpfs there (in"
                    + " Kubernetes an emptyDir with medium: Memory)");
        }
        var permissions = Files.getPosixFilePermissions(directory, LinkOption.NOFOLLOW_LINKS);
        if (!permissions.equals(OWNERS_DIRECTORY.value())) {
            throw new IOException("its mode is " + PosixFilePermissions.toString(permissions)
                    + ", and keys are their owner's alone: chmod 0700");
        }
        Object owner = Files.getAttribute(directory, "unix:uid", LinkOption.NOFOLLOW_LINKS);
        Object self = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        if (!owner.equals(self)) {
            throw new IOException("it belongs to user " + owner + ", this process runs as " + self + ": chown it");
        }
        return new IdentityDirectory(directory);
    }

    /** In place of what was kept of that identity. */
    void save(WorkloadCertificate certificate) throws IOException {
        StringBuilder text = new StringBuilder(FIRST_LINE)
                .append(certificate.identity())
                .append('\n')
                .append(new String(certificate.privateKeyPem(), StandardCharsets.US_ASCII))
                .append(new String(certificate.chainPem(), StandardCharsets.US_ASCII).stripTrailing())
                .append(ROOTS);
        for (X509Certificate root : certificate.roots()) {
            text.append(Pem.certificate(root));
        }
        byte[] content = text.toString().getBytes(StandardCharsets.UTF_8);
        Path target = file(certificate.identity());
        Path fresh = directory.resolve(target.getFileName() + ".new");
        try {
            Files.deleteIfExists(fresh);
            Files.createFile(fresh, OWNERS_FILE);
            Files.write(fresh, content, StandardOpenOption.WRITE);
            Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            Files.deleteIfExists(fresh);
            throw e;
        } finally {
            Arrays.fill(content, (byte) 0);
        }
    }

    /**
     * What is kept of an identity, as good as on the day it was saved or not at all; whether it has expired is for the
     * caller to see.
     *
     * @throws IOException if there is a file that cannot be used
     */
    Optional<WorkloadCertificate> load(Identity identity) throws IOException {
        Path file = file(identity);
        try {
            if (Files.size(file) > FILE_BYTES_MAX) {
                throw new IOException(file + " is too large");
            }
            return Optional.of(parse(identity, Files.readString(file)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (CertificateRejected e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    private static WorkloadCertificate parse(Identity identity, String text) throws CertificateRejected {
        String head = FIRST_LINE + identity + "\n";
        int keyEnd = text.indexOf(KEY_END) + KEY_END.length();
        int roots = text.indexOf(ROOTS);
        if (!text.startsWith(head) || keyEnd < head.length() || roots < keyEnd) {
            throw new CertificateRejected("it is not the file of " + identity);
        }
        byte[] key = text.substring(head.length(), keyEnd).getBytes(StandardCharsets.US_ASCII);
        var certificate = WorkloadCertificate.fromPem(
                identity, key, List.of(text.substring(keyEnd, roots), text.substring(roots + ROOTS.length())));
        KeyMatch.check(key, certificate.chain().getFirst());
        return certificate;
    }

    void delete(Identity identity) throws IOException {
        Files.deleteIfExists(file(identity));
    }

    /** Deletes what belongs to none of these. */
    void retain(Set<Identity> wanted) throws IOException {
        Set<Path> files = Set.copyOf(wanted.stream().map(this::file).toList());
        try (DirectoryStream<Path> present = Files.newDirectoryStream(directory, "*" + SUFFIX + "*")) {
            for (Path file : present) {
                if (!files.contains(file)) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    /** Names are digests: identities may hold what a file name must not. */
    private Path file(Identity identity) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest(identity.toString().getBytes(StandardCharsets.UTF_8));
            return directory.resolve(HexFormat.of().formatHex(digest, 0, 16) + SUFFIX);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    @Override
    public String toString() {
        return directory.toString();
    }
}
