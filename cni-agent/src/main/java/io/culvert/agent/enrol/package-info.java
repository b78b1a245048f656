/**
 * Brings pods into the mesh and takes them out: one state machine per pod, each with one owner.
 *
 * <p>Whatever happens to a pod is posted to its lane; a lane's tasks run one after the other, on one of a few platform
 * threads, so nothing about a pod needs a lock and no pod waits for another. Depends on the interfaces of {@code pod},
 * {@code rules}, {@code netns} and {@code zds}; must not know the Kubernetes client, HTTP, or nf_tables.
 */
@NullMarked
package io.culvert.agent.enrol;

import org.jspecify.annotations.NullMarked;
