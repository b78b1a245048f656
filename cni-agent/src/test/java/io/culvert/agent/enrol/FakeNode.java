package io.culvert.agent.enrol;

import io.culvert.agent.netns.NetnsRef;
import io.culvert.agent.netns.NetnsSource;
import io.culvert.agent.netns.WorkloadIdentity;
import io.culvert.agent.pod.PodFacts;
import io.culvert.agent.pod.PodOverrides;
import io.culvert.agent.pod.PodUid;
import io.culvert.agent.rules.PodRules;
import io.culvert.agent.zds.NodeProxies;
import io.culvert.agent.zds.ProxyException;
import io.culvert.linux.Netns;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Namespaces, rules, proxies and probe exemptions that do nothing but remember, in order, what was asked of them; each
 * can be made to fail. Every pod's namespace is this process's own: only the handles matter.
 */
final class FakeNode implements NetnsSource, PodRules, NodeProxies {
    final List<String> calls = new ArrayList<>();
    final Map<PodUid, List<InetAddress>> exempt = new HashMap<>();
    boolean netnsMissing;
    int rulesFail;
    int removalsFail;
    int handOversFail;
    int probesFail;

    @Override
    public NetnsRef open(String reported) throws IOException {
        calls.add("open " + reported);
        return netns();
    }

    @Override
    public NetnsRef scanFor(PodFacts pod) throws IOException {
        calls.add("scan");
        return netns();
    }

    @Override
    public Map<PodUid, NetnsRef> scanFor(Collection<PodFacts> pods) throws IOException {
        Map<PodUid, NetnsRef> found = new HashMap<>();
        if (!netnsMissing) {
            for (PodFacts pod : pods) {
                found.put(pod.uid(), netns());
            }
        }
        return found;
    }

    private NetnsRef netns() throws IOException {
        if (netnsMissing) {
            throw new IOException("no process shows it");
        }
        return NetnsRef.own(Netns.current());
    }

    @Override
    public void apply(NetnsRef netns, PodOverrides overrides) throws IOException {
        calls.add("rules");
        if (rulesFail > 0) {
            rulesFail--;
            throw new IOException("the kernel refused");
        }
    }

    @Override
    public void remove(NetnsRef netns) throws IOException {
        calls.add("no rules");
        if (removalsFail > 0) {
            removalsFail--;
            throw new IOException("the kernel refused");
        }
    }

    @Override
    public void add(PodUid uid, WorkloadIdentity identity, NetnsRef netns) throws ProxyException {
        calls.add("proxy add");
        if (handOversFail > 0) {
            handOversFail--;
            throw new ProxyException("no node proxy is connected");
        }
    }

    /** Of the proxy. */
    @Override
    public void remove(PodUid uid) {
        calls.add("proxy remove");
    }

    ProbeExemptions probes() {
        return new ProbeExemptions() {
            @Override
            public void set(PodUid uid, List<InetAddress> ips) throws IOException {
                calls.add("probes");
                failProbes();
                exempt.put(uid, ips);
            }

            @Override
            public void remove(PodUid uid) throws IOException {
                calls.add("no probes");
                failProbes();
                exempt.remove(uid);
            }
        };
    }

    private void failProbes() throws IOException {
        if (probesFail > 0) {
            probesFail--;
            throw new IOException("the set refused");
        }
    }
}
