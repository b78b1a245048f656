/**
 * What operators ask over HTTP: configuration dump, log levels, shutdown on 15000; metrics on 15020; readiness on
 * 15021.
 *
 * <p>Runs on event loops of its own, never on data loops; reads snapshots and registries, owns nothing. Netty's HTTP
 * codec serves, because Netty is there anyway and the bytes of the head are ours to choose.
 */
@NullMarked
package io.culvert.proxy.admin;

import org.jspecify.annotations.NullMarked;
