/**
 * The installer: makes the node's container runtime execute our plugin for every pod, keeps it so whatever other
 * programs do to the files, and takes back exactly that when it is told to uninstall.
 *
 * <p>Runs on a thread of its own ({@code installer}). Depends on {@code eligibility} for the selectors that the
 * plugin's entry names; knows nothing of pods, proxies or the API server.
 */
@NullMarked
package io.culvert.agent.install;

import org.jspecify.annotations.NullMarked;
