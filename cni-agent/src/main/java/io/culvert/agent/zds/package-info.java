/**
 * The agent's end of ZDS: hands pods and their network namespaces to the node proxy over a SEQPACKET Unix socket.
 *
 * <p>One thread accepts; each connection has one thread that writes and one that reads. Callers of
 * {@link io.culvert.agent.zds.NodeProxies} may be any platform thread and wait for the proxy's answer. Depends on
 * {@code netns} for what it hands over; knows nothing of Kubernetes or of rules.
 */
@NullMarked
package io.culvert.agent.zds;

import org.jspecify.annotations.NullMarked;
