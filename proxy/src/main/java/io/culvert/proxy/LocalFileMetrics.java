package io.culvert.proxy;

import io.culvert.proxy.telemetry.metrics.Exposition;
import io.culvert.proxy.telemetry.metrics.MetricSource;
import io.culvert.xds.LocalFile;

/** Whether what the local file says is in force, and how often it changed. */
record LocalFileMetrics(LocalFile file) implements MetricSource {
    private static final String RELOADS = "culvert_local_file_reloads";
    private static final String BROKEN = "culvert_local_file_broken";

    @Override
    public void write(Exposition out) {
        out.family(RELOADS, "counter", "Changes of the local file, by whether they could be taken.");
        out.sample(RELOADS + "_total", "{result=\"applied\"}", file.applied());
        out.sample(RELOADS + "_total", "{result=\"rejected\"}", file.rejected());
        out.family(BROKEN, "gauge", "1 while the local file is broken and what it said before is in force.");
        out.sample(BROKEN, "", file.problem().isPresent() ? 1L : 0L);
    }
}
