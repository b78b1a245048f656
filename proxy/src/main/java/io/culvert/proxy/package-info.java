/**
 * The program: {@link io.culvert.proxy.Main} wires everything together, and is the only place that knows the whole.
 * Nothing imports this package.
 */
@NullMarked
package io.culvert.proxy;

import org.jspecify.annotations.NullMarked;
