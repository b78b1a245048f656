/**
 * The ground that a mesh stands on: a fabric, nodes and pods as network namespaces, joined by veth pairs and bridges,
 * with IPv4 and IPv6 routes; the directory that holds a mesh's files; and the names under which others find the
 * namespaces.
 *
 * <pre>
 * fabric namespace            node namespace                         pod namespace
 *   fabric0 (bridge) ---veth--- eth0 (node address)
 *   control plane, kube API     cni0 (bridge, gateway) ---veth--- eth0 (pod address, default route)
 * </pre>
 *
 * Nothing of it is in the namespace that the testkit was started in, and all of it is made by netlink.
 *
 * <p>Threads: any platform thread; a network is changed by one thread at a time, its owner's.
 *
 * <p>Must not depend on processes of the mesh, the control plane or what runs in pods.
 */
@NullMarked
package io.culvert.testkit.network;

import org.jspecify.annotations.NullMarked;
