package io.culvert.agent.rules;

import java.net.InetAddress;

/**
 * What holds for the rules of every pod of this node.
 *
 * @param ipv6 write v6 rules and routes as well; the v4 ones are always written
 * @param dnsCapture redirect DNS to the proxy, unless a pod says otherwise
 * @param probeAddress4 the source address that the node gives to kubelet probes; exempt from redirection
 * @param probeAddress6 the same for v6
 */
public record RuleSettings(boolean ipv6, boolean dnsCapture, InetAddress probeAddress4, InetAddress probeAddress6) {}
