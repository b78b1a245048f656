/**
 * The load harness: the same loads through different node proxies, in rounds that alternate, as tables and pictures.
 * One thread drives; the load itself is made by processes of {@link io.culvert.perf.load.LoadMain} in the pods. Knows
 * proxies as command lines only, so that any ztunnel-compatible one can be measured.
 */
@NullMarked
package io.culvert.perf;

import org.jspecify.annotations.NullMarked;
