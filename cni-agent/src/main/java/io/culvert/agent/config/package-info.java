/**
 * The agent's settings: istio-cni's environment variables, read once at start into one typed value.
 *
 * <p>Runs on the main thread at start. Depends on {@code pod} and {@code eligibility} for the types it parses into.
 */
@NullMarked
package io.culvert.agent.config;

import org.jspecify.annotations.NullMarked;
