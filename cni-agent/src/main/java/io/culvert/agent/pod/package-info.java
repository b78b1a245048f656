/**
 * What the agent knows of a pod, and what it asks of the cluster: values parsed once from API objects, and the one
 * interface behind which the Kubernetes client stands.
 *
 * <p>Immutable values, usable from every thread. Must not depend on any other package of the agent, nor on the
 * Kubernetes client library.
 */
@NullMarked
package io.culvert.agent.pod;

import org.jspecify.annotations.NullMarked;
