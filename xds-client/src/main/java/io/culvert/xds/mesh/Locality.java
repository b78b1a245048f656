package io.culvert.xds.mesh;

/** Where a workload runs; unknown parts are empty. */
public record Locality(String region, String zone, String subzone) {
    public static final Locality UNKNOWN = new Locality("", "", "");
}
