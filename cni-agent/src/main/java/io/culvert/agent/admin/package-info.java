/**
 * What operators see of the agent: health and readiness, metrics, and where each pod stands.
 *
 * <p>Three small HTTP servers, each with one thread. Depends on {@code enrol} for the report.
 */
@NullMarked
package io.culvert.agent.admin;

import org.jspecify.annotations.NullMarked;
