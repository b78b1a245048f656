/**
 * Who workloads are, and the certificates that prove it: fetched from a certificate source,
 * kept by identity, renewed at half life.
 *
 * <p>The certificate manager lives on the control thread; data loops only ask for the current
 * certificate, without a lock. Keys are made on helper threads. The package knows nothing of mesh state or of ADS.
 * Private keys appear in no text.
 */
@NullMarked
package io.culvert.xds.identity;

import org.jspecify.annotations.NullMarked;
