/**
 * What a mesh on one machine consists of: nodes, pods, services and policies as values, how to write them down (a
 * builder and a YAML file), which addresses they get, and what a control plane says about them on the wire.
 *
 * <p>Values only: immutable, used from any thread. Nothing here opens a socket or makes a namespace, and nothing here
 * depends on the other packages of the testkit.
 */
@NullMarked
package io.culvert.testkit.spec;

import org.jspecify.annotations.NullMarked;
