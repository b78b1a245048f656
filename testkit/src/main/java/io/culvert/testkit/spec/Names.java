package io.culvert.testkit.spec;

import java.util.Map;
import java.util.regex.Pattern;

/**
 * Checks of the names that later become host names, file names and interface names: nothing unchecked reaches the
 * kernel.
 */
final class Names {
    /** RFC 1123 label, as Kubernetes asks of names of namespaces and services. */
    private static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
    /** RFC 1123 subdomain, as Kubernetes asks of names of pods and nodes. */
    private static final Pattern SUBDOMAIN = Pattern.compile("[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?");

    /** As pods, and '_' besides: istiod's own policies are called {@code converted_peer_authentication_NAME}. */
    private static final Pattern POLICY = Pattern.compile("[a-z0-9]([-._a-z0-9]{0,251}[a-z0-9])?");

    private Names() {}

    static void requireLabel(String subject, String key, String value) {
        if (!LABEL.matcher(value).matches()) {
            throw new SpecException(
                    subject,
                    key + " '" + value + "' is no DNS label; use a-z, 0-9 and '-' (at most 63), as Kubernetes does");
        }
    }

    static void requireSubdomain(String subject, String key, String value) {
        if (!SUBDOMAIN.matcher(value).matches()) {
            throw new SpecException(
                    subject,
                    key + " '" + value
                            + "' is no DNS name; use a-z, 0-9, '-' and '.' (at most 253), as Kubernetes does");
        }
    }

    static void requirePolicyName(String subject, String value) {
        if (!POLICY.matcher(value).matches()) {
            throw new SpecException(
                    subject, "name '" + value + "' is no policy name; use a-z, 0-9, '-', '_' and '.' (at most 253)");
        }
    }

    static void requirePort(String subject, String key, int port) {
        if (port < 1 || port > 65535) {
            throw new SpecException(subject, key + " " + port + " is no port; use 1 to 65535");
        }
    }

    /** Whether every pair of the selector is among the labels. An empty selector selects nothing, as for a Service. */
    static boolean selects(Map<String, String> selector, Map<String, String> labels) {
        return !selector.isEmpty() && labels.entrySet().containsAll(selector.entrySet());
    }
}
