/**
 * The Kubernetes API: informers for this node's pods and for all namespaces, look-ups, and the status annotation.
 *
 * <p>Listeners are called on the client library's threads. This is the only package that knows the library; everything
 * else sees {@link io.culvert.agent.pod.Cluster}.
 */
@NullMarked
package io.culvert.agent.kube;

import org.jspecify.annotations.NullMarked;
