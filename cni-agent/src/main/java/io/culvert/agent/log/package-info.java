/**
 * The agent's log: one line a record, as istio-cni writes it, plain or JSON. Called by any thread; what a library says
 * comes through the same door. Depends on the config package's error and on nothing else of the agent.
 */
@NullMarked
package io.culvert.agent.log;

import org.jspecify.annotations.NullMarked;
