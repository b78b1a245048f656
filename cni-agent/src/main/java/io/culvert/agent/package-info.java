/**
 * The node agent: finds the pods of this node that belong to the mesh, programs the redirection inside their network
 * namespaces, and hands those namespaces to the node proxy.
 *
 * <p>{@link io.culvert.agent.Main} wires the packages below it together; nothing else knows the whole. Runs on the main
 * thread until the program is up, then on the JVM's shutdown thread. No package here may depend on the node proxy.
 */
@NullMarked
package io.culvert.agent;

import org.jspecify.annotations.NullMarked;
