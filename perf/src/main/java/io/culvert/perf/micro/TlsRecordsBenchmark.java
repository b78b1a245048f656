package io.culvert.perf.micro;

import io.culvert.proxy.relay.LoopForBenchmarks;
import io.culvert.proxy.relay.RawBuffer;
import io.culvert.proxy.tls.TlsContexts;
import io.culvert.proxy.tls.TlsSession;
import io.culvert.proxy.tls.TlsSession.Handshake;
import io.culvert.testkit.controlplane.CertificateAuthority;
import io.culvert.testkit.controlplane.PeerCredential;
import io.culvert.xds.identity.Identity;
import io.culvert.xds.identity.WorkloadCertificate;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** TLS: so many bytes encrypted by one side and decrypted by the other, from buffer to buffer; no socket. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class TlsRecordsBenchmark {
    private static final int ROUNDS = 50;
    private static final Identity ACCOUNT = new Identity("cluster.local", "default", "account");

    /** One small message; one full record; one read of the largest size, which makes 32 records. */
    @Param({"1024", "16384", "524288"})
    public int bytes = 1_024;

    private final LoopForBenchmarks loops = new LoopForBenchmarks();
    private final CertificateAuthority authority = CertificateAuthority.create(Clock.systemUTC(), false);
    private final TlsContexts contexts = new TlsContexts(loops.loop(), Clock.systemUTC());
    private final List<TlsSession> sessions = new ArrayList<>();
    private final List<RawBuffer> buffers = new ArrayList<>();

    @Setup
    public void shakeHands() {
        WorkloadCertificate client = certificate();
        WorkloadCertificate server = certificate();
        loops.run(() -> {
            sessions.add(contexts.client(client, List.of(ACCOUNT)));
            sessions.add(contexts.server(server));
            for (int i = 0; i < 3; i++) {
                buffers.add(loops.loop().buffers().large());
            }
            // The client speaks, the server answers, the client is done; the server is when it has heard that.
            int hello = step(sessions.getFirst(), 0, 0, 1);
            int answer = step(sessions.getLast(), hello, 1, 0);
            int finished = step(sessions.getFirst(), answer, 0, 1);
            if (sessions.getLast().handshake(buffers.get(1), 0, finished, buffers.get(0), 0, bytesOf(0))
                    != Handshake.DONE) {
                throw new IllegalStateException(sessions.getLast().failure());
            }
        });
    }

    private int bytesOf(int buffer) {
        return buffers.get(buffer).capacity();
    }

    private int step(TlsSession session, int heard, int from, int to) {
        if (session.handshake(buffers.get(from), 0, heard, buffers.get(to), 0, bytesOf(to)) == Handshake.FAILED) {
            throw new IllegalStateException(session.failure());
        }
        return session.produced();
    }

    private WorkloadCertificate certificate() {
        try {
            PeerCredential credential = authority.peerCredential(ACCOUNT.toString(), Duration.ZERO, Duration.ofDays(1));
            List<String> chain = new ArrayList<>();
            for (X509Certificate one : credential.chain()) {
                chain.add(pem("CERTIFICATE", one.getEncoded()));
            }
            chain.add(authority.rootPem());
            byte[] key = pem("PRIVATE KEY", credential.key().getEncoded()).getBytes(StandardCharsets.US_ASCII);
            return WorkloadCertificate.fromPem(ACCOUNT, key, chain);
        } catch (Exception broken) {
            throw new IllegalStateException("the testkit's certificate is of no use", broken);
        }
    }

    private static String pem(String label, byte[] der) {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
    }

    @TearDown
    public void close() {
        loops.run(() -> {
            sessions.forEach(TlsSession::free);
            buffers.forEach(RawBuffer::release);
            contexts.close();
        });
        loops.close();
    }

    @Benchmark
    @OperationsPerInvocation(ROUNDS)
    public void encryptAndDecrypt() {
        loops.run(this::all);
    }

    private void all() {
        TlsSession client = sessions.getFirst();
        TlsSession server = sessions.getLast();
        RawBuffer plain = buffers.get(0);
        RawBuffer cipher = buffers.get(1);
        RawBuffer read = buffers.get(2);
        for (int round = 0; round < ROUNDS; round++) {
            int made = client.encrypt(plain, 0, bytes, cipher, 0);
            server.beginDecrypt(cipher, 0, made);
            int got = 0;
            for (int some = 1; some > 0 && got < bytes; got += some) {
                some = server.decrypt(read, got, read.capacity() - got);
            }
            server.endDecrypt();
            if (got != bytes) {
                throw new IllegalStateException(got + " bytes of " + bytes + ": " + server.failure());
            }
        }
    }
}
