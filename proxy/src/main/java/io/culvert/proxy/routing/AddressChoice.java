package io.culvert.proxy.routing;

import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.IpFamilies;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.Workload;
import org.jspecify.annotations.Nullable;

/** Which of a workload's addresses to dial (ztunnel state.rs: select_workload_ip). */
final class AddressChoice {

    private AddressChoice() {}

    /**
     * The address that was asked for if the workload owns it; else one that the service's families allow, of the family
     * that was asked for where there is one.
     *
     * @return null if there is none: the workload is known by host name, or lives behind a gateway
     */
    static @Nullable IpAddress choose(Workload workload, @Nullable Service service, IpAddress asked) {
        if (workload.owns(asked)) {
            return asked;
        }
        IpFamilies families = service == null ? IpFamilies.AUTOMATIC : service.ipFamilies();
        IpAddress other = null;
        for (IpAddress candidate : workload.addresses()) {
            if (!allowed(families, candidate)) {
                continue;
            }
            if (candidate.isV4() == asked.isV4()) {
                return candidate;
            }
            other = other == null ? candidate : other;
        }
        return other;
    }

    private static boolean allowed(IpFamilies families, IpAddress address) {
        return switch (families) {
            case AUTOMATIC, DUAL -> true;
            case IPV4_ONLY -> address.isV4();
            case IPV6_ONLY -> !address.isV4();
        };
    }
}
