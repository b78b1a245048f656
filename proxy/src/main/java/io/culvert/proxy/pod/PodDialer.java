package io.culvert.proxy.pod;

import io.culvert.proxy.hbone.PoolKey;
import io.culvert.proxy.hbone.TunnelDialer;
import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.tls.TlsContexts;
import io.culvert.xds.identity.WorkloadCertificate;
import io.culvert.xds.mesh.IpAddress;
import java.io.IOException;

/** Gives a pod's pool its sockets and its TLS sessions. One per loop. */
public final class PodDialer implements TunnelDialer {

    private final Pod pod;
    private final DataLoop loop;
    private final TlsContexts tls;

    public PodDialer(Pod pod, DataLoop loop, TlsContexts tls) {
        this.pod = pod;
        this.loop = loop;
        this.tls = tls;
    }

    @Override
    public int openSocket(PoolKey key) throws IOException {
        return pod.sockets()
                .dialTunnel(IpAddress.of(key.destination().getAddress()))
                .release();
    }

    @Override
    public void requestSession(PoolKey key, SessionListener listener) {
        OwnCertificate.find(pod.services().certificates(), loop, key.source(), new OwnCertificate.Listener() {
            @Override
            public void certified(WorkloadCertificate own) {
                listener.onSession(tls.client(own, key.expected()));
            }

            @Override
            public void uncertified(String reason) {
                listener.onUnavailable(reason);
            }
        });
    }
}
