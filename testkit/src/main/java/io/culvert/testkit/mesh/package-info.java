/**
 * The whole mesh on one machine: network, control plane, Kubernetes API, and on every node a proxy and an agent as
 * processes and pods as namespaces; with the verbs to change it while it runs, and to wait for what should follow.
 *
 * <p>Threads: one caller at a time drives a {@link io.culvert.testkit.mesh.Mesh}; its parts have threads of their own,
 * and nothing here is called back from them. A shutdown hook takes down what is still up.
 *
 * <p>Must not depend on the proxy or the agent: both are commands to it, and any ztunnel-compatible program can stand
 * in.
 */
@NullMarked
package io.culvert.testkit.mesh;

import org.jspecify.annotations.NullMarked;
