/**
 * What proxy and agent are trained by: a mesh of two nodes carries one of everything, while the programs of the first
 * write down which classes that took. The launcher makes AOT caches of the records (docs/decisions/0008).
 *
 * <p>Runs on the thread of {@code main}. Knows programs only by the command that starts them.
 */
@NullMarked
package io.culvert.testkit.training;

import org.jspecify.annotations.NullMarked;
