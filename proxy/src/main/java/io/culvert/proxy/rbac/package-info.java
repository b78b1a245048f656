/**
 * Authorization of inbound connections, layer 4: the policies of a snapshot in a form that is quick to ask, the verdict
 * as a value that forwarding demands, and the registry through which a later policy closes what it no longer allows.
 *
 * <p>Verdicts are taken on data loops without a lock; re-evaluation runs on the control thread and posts to the loops.
 * Depends on the mesh model, addresses and outcome.
 */
@NullMarked
package io.culvert.proxy.rbac;

import org.jspecify.annotations.NullMarked;
