/**
 * The rules of docs/STYLE.md and the arrows of docs/ARCHITECTURE.md that a test can keep. Tidy rules read sources as
 * text and syntax trees; arrows read class files. Each rule is proven by a snippet that breaks it. One thread; depends
 * on no module.
 */
@NullMarked
package io.culvert.e2e.rules;

import org.jspecify.annotations.NullMarked;
