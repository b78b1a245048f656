package io.culvert.proxy.telemetry.log;

import java.util.Map;

/**
 * From our logger names to ztunnel's targets, so that filters and log queries written for it keep working:
 * {@code io.culvert.proxy.inbound.TunnelServer} logs as {@code proxy::inbound}. Loggers of libraries keep their
 * names.
 */
final class Targets {

    private static final String OURS = "io.culvert.";

    /** Where ztunnel has another place for the thing than our package. The longest name that fits decides. */
    private static final Map<String, String> EXCEPTIONS = Map.ofEntries(
            Map.entry("io.culvert.proxy.Main", "app"),
            Map.entry("io.culvert.proxy.admin", "hyper_util"),
            Map.entry("io.culvert.proxy.config", "config"),
            Map.entry("io.culvert.proxy.dns", "dns"),
            Map.entry("io.culvert.proxy.dns.DnsServer", "dns::server"),
            Map.entry("io.culvert.proxy.dns.DnsService", "dns::server"),
            Map.entry("io.culvert.proxy.dns.ResolvConf", "dns::forwarder"),
            Map.entry("io.culvert.proxy.inpod", "inpod"),
            Map.entry("io.culvert.proxy.inpod.WorkloadManager", "inpod::statemanager"),
            Map.entry("io.culvert.proxy.inpod.ZdsClient", "inpod::workloadmanager"),
            Map.entry("io.culvert.proxy.inbound.PlaintextConnection", "proxy::inbound_passthrough"),
            Map.entry("io.culvert.proxy.lifecycle", "drain"),
            Map.entry("io.culvert.proxy.lifecycle.Readiness", "readiness"),
            Map.entry("io.culvert.proxy.lifecycle.Signals", "signal"),
            Map.entry("io.culvert.proxy.inbound.ConnectionManager", "proxy::connection_manager"),
            Map.entry("io.culvert.proxy.rbac", "state"),
            Map.entry("io.culvert.proxy.telemetry", "telemetry"),
            Map.entry("io.culvert.proxy.telemetry.log", "telemetry"),
            Map.entry("io.culvert.xds", "xds"),
            Map.entry("io.culvert.xds.mesh", "state"),
            Map.entry("io.culvert.xds.identity", "identity"));

    private Targets() {}

    /** Whether it is one of the program's own, whose JSON scope begins with "ztunnel". */
    static boolean isOurs(String loggerName) {
        return loggerName.startsWith(OURS);
    }

    static String of(String loggerName) {
        if (!isOurs(loggerName)) {
            return loggerName;
        }
        for (String name = loggerName; !name.isEmpty(); name = parent(name)) {
            String exception = EXCEPTIONS.get(name);
            if (exception != null) {
                return exception;
            }
        }
        String packageName = parent(loggerName);
        return packageName
                .substring(Math.min(OURS.length(), packageName.length()))
                .replace(".", "::");
    }

    private static String parent(String name) {
        int dot = name.lastIndexOf('.');
        return dot < 0 ? "" : name.substring(0, dot);
    }
}
