package io.culvert.agent.pod;

/**
 * The UID that the API server gave a pod. It names the pod towards the proxy, and no two pods ever share one.
 *
 * @param value 1 to 128 characters of {@code [0-9A-Za-z-]}; static pods have hashes without dashes
 */
public record PodUid(String value) {
    private static final int LENGTH_MAX = 128;

    public PodUid {
        if (value.isEmpty() || value.length() > LENGTH_MAX || !value.chars().allMatch(PodUid::allowed)) {
            throw new IllegalArgumentException("pod uid must be 1.." + LENGTH_MAX + " letters, digits or dashes");
        }
    }

    private static boolean allowed(int c) {
        return c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    @Override
    public String toString() {
        return value;
    }
}
