package io.culvert.proxy.admin;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The resolver's settings in the dump. The keys are those of the original's DNS library, whose choices the resolver
 * follows; the name servers and search list are the machine's.
 */
final class Resolver {

    private static final Path CONFIGURATION = Path.of("/etc/resolv.conf");
    private static final Pattern NAMESERVER = Pattern.compile("^nameserver\\s+(\\S+)");
    private static final Pattern SEARCH = Pattern.compile("^search\\s+(.+)");
    private static final int DNS_PORT = 53;

    private Resolver() {}

    static void describe(Map<String, @Nullable Object> tree) {
        List<String> servers = new ArrayList<>();
        List<String> search = new ArrayList<>();
        for (String line : lines()) {
            Matcher server = NAMESERVER.matcher(line);
            if (server.find()) {
                servers.add(server.group(1));
            }
            Matcher domains = SEARCH.matcher(line);
            if (domains.find()) {
                search.addAll(List.of(domains.group(1).strip().split("\\s+", -1)));
            }
        }
        Map<String, @Nullable Object> configuration = new TreeMap<>();
        configuration.put("domain", null);
        configuration.put("name_servers", servers.stream().map(Resolver::server).toList());
        configuration.put("search", search);
        tree.put("dnsResolverCfg", configuration);
        tree.put("dnsResolverOpts", options());
    }

    private static List<String> lines() {
        try {
            return Files.readAllLines(CONFIGURATION);
        } catch (IOException unreadable) {
            return List.of();
        }
    }

    private static Map<String, @Nullable Object> server(String ip) {
        Map<String, @Nullable Object> server = new TreeMap<>();
        server.put("connections", List.of(connection("udp"), connection("tcp")));
        server.put("ip", ip);
        server.put("trust_negative_responses", true);
        return server;
    }

    private static Map<String, @Nullable Object> connection(String protocol) {
        Map<String, @Nullable Object> connection = new TreeMap<>();
        connection.put("bind_addr", null);
        connection.put("port", DNS_PORT);
        connection.put("protocol", Map.of("type", protocol));
        return connection;
    }

    private static Map<String, @Nullable Object> options() {
        Map<String, @Nullable Object> options = new TreeMap<>();
        for (String list : List.of("allow_answers", "avoid_local_udp_ports", "deny_answers")) {
            options.put(list, List.of());
        }
        for (String unset : List.of(
                "negative_max_ttl", "negative_min_ttl", "positive_max_ttl", "positive_min_ttl", "trust_anchor")) {
            options.put(unset, null);
        }
        for (String off : List.of("case_randomization", "edns0", "os_port_selection", "try_tcp_on_error")) {
            options.put(off, false);
        }
        options.put("attempts", 2);
        options.put("cache_size", 4096);
        options.put("edns_payload_len", 1232);
        options.put("ip_strategy", "Ipv4AndIpv6");
        options.put("max_active_requests", 32);
        options.put("ndots", 1);
        options.put("num_concurrent_reqs", 2);
        options.put("preserve_intermediates", true);
        options.put("recursion_desired", true);
        options.put("server_ordering_strategy", "QueryStatistics");
        options.put("timeout", 5);
        options.put("use_hosts_file", "Auto");
        return options;
    }
}
