/**
 * Real namespaces, cables and sockets for tests. Nothing here outlives its test: namespaces end with their last handle.
 */
@NullMarked
package io.culvert.agent.kernel;

import org.jspecify.annotations.NullMarked;
