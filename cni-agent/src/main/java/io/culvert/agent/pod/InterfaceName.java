package io.culvert.agent.pod;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The name of a network interface inside a pod. It comes from an annotation, that is from whoever may edit pods, and
 * goes to the kernel: so it is checked here, by the rule that Istio's sidecar path uses (IFNAMSIZ leaves 15
 * characters).
 */
public record InterfaceName(String value) {
    private static final Pattern ALLOWED = Pattern.compile("[A-Za-z][A-Za-z0-9_.-]{0,14}");

    public InterfaceName {
        if (!ALLOWED.matcher(value).matches()) {
            throw new IllegalArgumentException("not an interface name");
        }
    }

    /** The name, or empty where the text is not one. */
    public static Optional<InterfaceName> parse(String text) {
        return ALLOWED.matcher(text).matches() ? Optional.of(new InterfaceName(text)) : Optional.empty();
    }

    @Override
    public String toString() {
        return value;
    }
}
