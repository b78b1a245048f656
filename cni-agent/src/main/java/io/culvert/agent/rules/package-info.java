/**
 * What the agent programs inside a pod's network namespace: one owned nf_tables table and the policy routing of return
 * traffic, spoken over netlink.
 *
 * <p>Runs on the pod lanes' platform threads, and enters the namespace only to open a netlink socket. Depends on {@code
 * pod} and {@code netns}; decides nothing about who is redirected.
 */
@NullMarked
package io.culvert.agent.rules;

import org.jspecify.annotations.NullMarked;
