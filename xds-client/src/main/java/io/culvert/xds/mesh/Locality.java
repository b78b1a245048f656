package io.culvert.xds.mesh;

/** Where a workload runs; unknown parts are empty. */
public record Locality(String region, String zone, String subzone) {
    public static final Locality UNKNOWN = new Locality("", "", "");

    // Spelled out: what the compiler generates for records goes through method handles, which C1 does not inline.
    @Override
    public boolean equals(Object other) {
        return other instanceof Locality that
                && subzone.equals(that.subzone)
                && zone.equals(that.zone)
                && region.equals(that.region);
    }

    @Override
    public int hashCode() {
        return (region.hashCode() * 31 + zone.hashCode()) * 31 + subzone.hashCode();
    }
}
