/**
 * The way in: HBONE on 15008 and plaintext on 15006. Each accepted connection or stream is judged by policy and joined
 * to the pod's own application. Data loops.
 *
 * <p>Does not know {@code outbound}. Forwarding needs a {@link io.culvert.proxy.rbac.Verdict.Permit}: without having
 * asked policy it does not compile.
 */
@NullMarked
package io.culvert.proxy.inbound;

import org.jspecify.annotations.NullMarked;
