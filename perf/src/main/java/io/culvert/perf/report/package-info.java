/**
 * The results for those who read them: a Markdown table, every single value as CSV, a picture as SVG. Text made from
 * values; no threads, and files only in {@link io.culvert.perf.report.ReportFiles}.
 */
@NullMarked
package io.culvert.perf.report;

import org.jspecify.annotations.NullMarked;
