package io.culvert.xds.mesh;

/** A condition on a text, case sensitive. */
public sealed interface StringMatch {
    boolean matches(String candidate);

    /** Equal. */
    record Exact(String text) implements StringMatch {
        @Override
        public boolean matches(String candidate) {
            return candidate.equals(text);
        }
    }

    /** Begins so. */
    record Prefix(String text) implements StringMatch {
        @Override
        public boolean matches(String candidate) {
            return candidate.startsWith(text);
        }
    }

    /** Ends so. */
    record Suffix(String text) implements StringMatch {
        @Override
        public boolean matches(String candidate) {
            return candidate.endsWith(text);
        }
    }

    /** Anything but empty. */
    record Presence() implements StringMatch {
        @Override
        public boolean matches(String candidate) {
            return !candidate.isEmpty();
        }
    }
}
