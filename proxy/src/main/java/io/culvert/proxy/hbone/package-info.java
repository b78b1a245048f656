/**
 * HBONE: TCP connections as streams of an HTTP/2 connection over mutual TLS, both ends of it.
 *
 * <p>How a connection is opened (client side): {@link io.culvert.proxy.hbone.HbonePool#open} lends a stream whose
 * CONNECT was answered with 200, and {@link io.culvert.proxy.relay.StreamRelay} joins it with the application's socket.
 * How it is taken (server side): {@link io.culvert.proxy.hbone.HboneServer#accept} runs an accepted socket, its {@link
 * io.culvert.proxy.hbone.ConnectHandler} gets each CONNECT, accepts or refuses it at any later time, and joins it with
 * the socket that it dialled.
 *
 * <p>Only what tunnels need of HTTP/2 (RFC 9113) is here: no push, no priorities, no dynamic header table of ours. A
 * connection, its streams and the pool that lends it live on one data loop and are used by its thread alone. Nothing
 * here knows policy or mesh state.
 */
@NullMarked
package io.culvert.proxy.hbone;

import org.jspecify.annotations.NullMarked;
