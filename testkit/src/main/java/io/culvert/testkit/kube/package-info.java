/**
 * The part of the Kubernetes API that a node agent needs, over plain HTTP: list, watch (chunked and by WebSocket), get,
 * merge patch of status, events. Objects are JSON, changed live by tests.
 *
 * <p>One event loop owns all objects and serves all connections; verbs from other threads are handed to it and wait.
 * Does not depend on the other packages of the testkit but for the description of a mesh and for where to listen.
 */
@NullMarked
package io.culvert.testkit.kube;

import org.jspecify.annotations.NullMarked;
