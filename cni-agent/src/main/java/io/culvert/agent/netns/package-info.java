/**
 * Pod network namespaces: found by path or by a scan of {@code /proc}, verified to be the pod's, and kept as counted
 * handles.
 *
 * <p>Runs on the pod lanes' platform threads and on the main thread at start, because its owners enter namespaces.
 * Depends on {@code pod} and on the kernel module; knows nothing of the proxy or of Kubernetes.
 */
@NullMarked
package io.culvert.agent.netns;

import org.jspecify.annotations.NullMarked;
