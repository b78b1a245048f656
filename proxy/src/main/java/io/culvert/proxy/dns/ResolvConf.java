package io.culvert.proxy.dns;

import io.culvert.xds.mesh.IpAddress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whom to ask what the mesh does not know: what resolv.conf(5) says of name servers, their time and their attempts. Its
 * search list is the clients' own business.
 *
 * @param servers in their order; may be empty
 * @param timeoutMs how long one round over all of them lasts
 * @param attempts how many such rounds there are
 */
record ResolvConf(List<InetSocketAddress> servers, int timeoutMs, int attempts) {

    private static final Logger log = LoggerFactory.getLogger(ResolvConf.class);

    /** MAXNS of resolv.conf(5). */
    static final int SERVERS_MAX = 3;

    private static final int PORT = 53;
    /** The defaults of the original's library, and the bounds of resolv.conf(5). */
    private static final int TIMEOUT_SECONDS = 5;

    private static final int TIMEOUT_SECONDS_MAX = 30;
    private static final int ATTEMPTS = 2;
    private static final int ATTEMPTS_MAX = 5;
    /** A file of more is not one of name servers; it is read at the start of a pod. */
    private static final int BYTES_MAX = 65_536;

    ResolvConf {
        servers = List.copyOf(servers);
    }

    /** Reads the file; one that cannot be read has no servers. */
    static ResolvConf read(Path file) {
        try (var in = Files.newInputStream(file)) {
            return parse(new String(in.readNBytes(BYTES_MAX), StandardCharsets.UTF_8));
        } catch (IOException e) {
            log.debug("{} cannot be read: {}", file, e.toString());
            return parse("");
        }
    }

    static ResolvConf parse(String text) {
        List<InetSocketAddress> servers = new ArrayList<>();
        int timeout = TIMEOUT_SECONDS;
        int attempts = ATTEMPTS;
        for (String line : text.lines().toList()) {
            List<String> words = List.of(line.strip().split("\\s+", -1));
            switch (words.getFirst()) {
                case "nameserver" -> {
                    if (words.size() > 1 && servers.size() < SERVERS_MAX) {
                        // A scope (fe80::1%eth0) names an interface of another namespace than the pod's.
                        IpAddress.tryParse(words.get(1))
                                .ifPresent(ip -> servers.add(new InetSocketAddress(ip.toInetAddress(), PORT)));
                    }
                }
                case "options" -> {
                    for (String option : words.subList(1, words.size())) {
                        timeout = value(option, "timeout:", TIMEOUT_SECONDS_MAX).orElse(timeout);
                        attempts = value(option, "attempts:", ATTEMPTS_MAX).orElse(attempts);
                    }
                }
                default -> {}
            }
        }
        return new ResolvConf(servers, timeout * 1000, attempts);
    }

    private static Optional<Integer> value(String option, String name, int max) {
        if (!option.startsWith(name)) {
            return Optional.empty();
        }
        String digits = option.substring(name.length());
        boolean number =
                !digits.isEmpty() && digits.length() <= 9 && digits.chars().allMatch(Character::isDigit);
        return number ? Optional.of(Math.clamp(Integer.parseInt(digits), 1, max)) : Optional.empty();
    }

    /** Requests to all servers together before it is given up. */
    int requestsMax() {
        return servers.size() * attempts;
    }

    /** How long one request is waited for before the next server is asked, too. */
    int patienceMs() {
        return timeoutMs / Math.max(1, servers.size());
    }
}
