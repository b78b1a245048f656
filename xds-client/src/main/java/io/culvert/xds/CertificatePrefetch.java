package io.culvert.xds;

import io.culvert.xds.channel.ControlLoop;
import io.culvert.xds.identity.CertificateListener;
import io.culvert.xds.identity.CertificateManager;
import io.culvert.xds.identity.Identity;
import io.culvert.xds.identity.Priority;
import io.culvert.xds.identity.WorkloadCertificate;
import io.culvert.xds.mesh.MeshListener;
import io.culvert.xds.mesh.TunnelProtocol;
import io.culvert.xds.mesh.Workload;
import io.culvert.xds.mesh.WorkloadsChange;
import java.util.LinkedHashSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has certificates ready before the first connection wants them: asks for those of workloads that come to this node and
 * take part in the mesh, and forgets those of which none is left (ztunnel cert_fetcher.rs). The original asks for one
 * after the other and drops what is more than 256; after a restart of a full node the rest would wait for their first
 * connections.
 */
public final class CertificatePrefetch implements MeshListener {
    private static final Logger LOG = LoggerFactory.getLogger(CertificatePrefetch.class);

    /** More are not asked for in advance; their first connection does. As many as the manager holds. */
    static final int QUEUE_MAX = 16_384;
    /** Half of what the manager asks for at once, so that connections find a free place even if the source is slow. */
    static final int UNDER_WAY_MAX = 4;

    private final CertificateManager certificates;
    private final ControlLoop control;
    private final LinkedHashSet<Identity> queue = new LinkedHashSet<>();
    private int underWay;

    public CertificatePrefetch(CertificateManager certificates, ControlLoop control) {
        this.certificates = certificates;
        this.control = control;
    }

    @Override
    public void workloadsChanged(WorkloadsChange change) {
        if (!change.localInserted().isEmpty() || !change.localForgotten().isEmpty()) {
            control.execute(() -> follow(change));
        }
    }

    private void follow(WorkloadsChange change) {
        for (Identity identity : change.localForgotten()) {
            queue.remove(identity);
            certificates.forget(identity);
        }
        for (Workload workload : change.localInserted()) {
            if (workload.tunnelProtocol() == TunnelProtocol.HBONE || workload.nativeTunnel()) {
                offer(workload.identity());
            }
        }
        next();
    }

    private void offer(Identity identity) {
        if (certificates.current(identity) != null) {
            return;
        }
        if (queue.size() >= QUEUE_MAX) {
            LOG.info("the certificate of {} is not fetched in advance: {} others wait already", identity, QUEUE_MAX);
        } else {
            queue.add(identity);
        }
    }

    private void next() {
        control.checkInLoop();
        while (underWay < UNDER_WAY_MAX && !queue.isEmpty()) {
            underWay++;
            certificates.request(queue.removeFirst(), Priority.WARMUP, new CertificateListener() {
                @Override
                public void onCertificate(WorkloadCertificate certificate) {
                    answered();
                }

                @Override
                public void onFailure(String reason) {
                    answered();
                }
            });
        }
    }

    /** By way of the loop, so that answers that come at once do not nest. */
    private void answered() {
        control.execute(() -> {
            underWay--;
            next();
        });
    }
}
