package io.culvert.proxy.tls;

import io.culvert.xds.identity.CertificatePreparation;
import io.culvert.xds.identity.WorkloadCertificate;
import io.netty.handler.ssl.OpenSsl;
import io.netty.internal.tcnative.SSL;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Cleaner;
import java.util.Arrays;

/**
 * Chain and key of one certificate as BoringSSL's own objects, which only reading makes: every loop's contexts of that
 * certificate share them, whatever thread made them. They are made before the certificate is published, off the data
 * loops, so that no loop ever parses one.
 *
 * <p>Freed when nobody can reach the certificate any more: whoever holds the one holds the other, and no count of
 * threads that look at it has to be kept. A handshake holds its context, and that its credential.
 */
final class NativeCredential {
    private static final Cleaner CLEANER = Cleaner.create(
            body -> Thread.ofPlatform().name("culvert-cleaner").daemon(true).unstarted(body));

    private final long chain;
    private final long key;

    private NativeCredential(long chain, long key) {
        this.chain = chain;
        this.key = key;
    }

    /** Has the credential of each certificate made where certificates are received. */
    static CertificatePreparation preparation() {
        return certificate -> {
            var _ = of(certificate);
        };
    }

    /**
     * The certificate's, made now if nobody did before.
     *
     * @throws IllegalArgumentException if BoringSSL cannot read key or chain
     */
    static NativeCredential of(WorkloadCertificate certificate) {
        return certificate.derived(NativeCredential.class, NativeCredential::make);
    }

    private static NativeCredential make(WorkloadCertificate certificate) {
        OpenSsl.ensureAvailability();
        try {
            long chain = parse(certificate.chainPem(), SSL::parseX509Chain);
            long key;
            try {
                key = parse(certificate.privateKeyPem(), bio -> SSL.parsePrivateKey(bio, null));
            } catch (Exception e) {
                SSL.freeX509Chain(chain);
                throw e;
            }
            NativeCredential made = new NativeCredential(chain, key);
            var _ = CLEANER.register(made, () -> free(chain, key));
            return made;
        } catch (Exception e) {
            throw new IllegalArgumentException("BoringSSL cannot use " + certificate + ": " + e.getMessage(), e);
        }
    }

    /** Knows the numbers alone: what it held of the credential would keep that reachable. */
    private static void free(long chain, long key) {
        SSL.freePrivateKey(key);
        SSL.freeX509Chain(chain);
    }

    long chain() {
        return chain;
    }

    long key() {
        return key;
    }

    /** A tcnative function from a memory BIO to a native object. */
    private interface Parser {
        long parse(long bio) throws Exception;
    }

    /** Native memory of its own, because this may run on any thread; wiped, because it may hold a key. */
    private static long parse(byte[] pem, Parser parser) throws Exception {
        long bio = SSL.newMemBIO();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(pem.length);
            MemorySegment.copy(pem, 0, memory, ValueLayout.JAVA_BYTE, 0, pem.length);
            try {
                if (SSL.bioWrite(bio, memory.address(), pem.length) != pem.length) {
                    throw new IllegalStateException("BoringSSL takes no PEM");
                }
            } finally {
                memory.fill((byte) 0);
            }
            return parser.parse(bio);
        } finally {
            Arrays.fill(pem, (byte) 0);
            SSL.freeBIO(bio);
        }
    }
}
