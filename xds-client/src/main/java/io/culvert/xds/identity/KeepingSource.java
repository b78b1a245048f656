package io.culvert.xds.identity;

import io.culvert.xds.channel.ControlLoop;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A source with a memory beyond the process: what it was given it also keeps in an {@link IdentityDirectory}, and the
 * first time that an identity is asked for, what an earlier process kept is the answer. Keys are ready before the
 * certificate authority is. Files are read and written on the executor given.
 */
public final class KeepingSource implements CertificateSource {
    private static final Logger LOG = LoggerFactory.getLogger(KeepingSource.class);

    /** How long an earlier process's identities wait for their workloads to be known again. */
    static final Duration SWEEP = Duration.ofMinutes(15);

    private final CertificateSource inner;
    private final IdentityDirectory directory;
    private final ControlLoop control;
    private final Executor files;
    /** Asked for, and not forgotten. */
    private final Set<Identity> wanted = ConcurrentHashMap.newKeySet();

    public KeepingSource(CertificateSource inner, IdentityDirectory directory, ControlLoop control, Executor files) {
        this.inner = inner;
        this.directory = directory;
        this.control = control;
        this.files = files;
        control.schedule(SWEEP, this::sweep);
    }

    @Override
    public void follow(Updates updates) {
        inner.follow(new Updates() {
            @Override
            public void renewed(WorkloadCertificate certificate) {
                if (wanted.contains(certificate.identity())) {
                    save(certificate);
                }
                updates.renewed(certificate);
            }

            @Override
            public void withdrawn(Identity identity, String reason) {
                onFiles(() -> directory.delete(identity));
                updates.withdrawn(identity, reason);
            }
        });
    }

    @Override
    public void fetch(Identity identity, Sink sink) {
        if (!wanted.add(identity)) {
            inner.fetch(identity, saving(sink));
            return;
        }
        onFiles(() -> {
            Optional<WorkloadCertificate> kept = Optional.empty();
            try {
                kept = directory.load(identity);
            } catch (IOException e) {
                LOG.warn("a kept identity cannot be used: {}", e.getMessage());
            }
            if (kept.isPresent() && control.instant().isBefore(kept.get().notAfter())) {
                LOG.info("identity {} restored from {}", identity, directory);
                sink.restored(kept.get());
            } else {
                inner.fetch(identity, saving(sink));
            }
        });
    }

    private Sink saving(Sink sink) {
        return new Sink() {
            @Override
            public void issued(WorkloadCertificate certificate) {
                if (wanted.contains(certificate.identity())) {
                    save(certificate);
                }
                sink.issued(certificate);
            }

            @Override
            public void failed(String reason) {
                sink.failed(reason);
            }

            @Override
            public void unreachable(String reason) {
                sink.unreachable(reason);
            }
        };
    }

    private void save(WorkloadCertificate certificate) {
        onFiles(() -> {
            // Forgotten meanwhile: it must not come back.
            if (wanted.contains(certificate.identity())) {
                directory.save(certificate);
            }
        });
    }

    @Override
    public void forgotten(Identity identity) {
        wanted.remove(identity);
        onFiles(() -> directory.delete(identity));
        inner.forgotten(identity);
    }

    /** What an earlier process kept and nobody has asked for since, and what a crash left half written. */
    private void sweep() {
        onFiles(() -> directory.retain(Set.copyOf(wanted)));
        control.schedule(SWEEP, this::sweep);
    }

    private interface FileTask {
        void run() throws IOException;
    }

    /** Without its memory a source is a source still. */
    private void onFiles(FileTask task) {
        try {
            files.execute(() -> {
                try {
                    task.run();
                } catch (IOException e) {
                    LOG.warn("identities are not kept as they should be in {}: {}", directory, e.toString());
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.debug("shutting down");
        }
    }
}
