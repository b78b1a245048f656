package io.culvert.xds.channel;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/** How the control plane is told who asks. */
public sealed interface Token {
    /**
     * As of now; empty: say nothing.
     *
     * @throws IOException if there should be one and is none; names the file and the remedy, never the content
     */
    Optional<String> read() throws IOException;

    /** Whence the control plane's opinion of us comes, in words; never the content. */
    String origin();

    /** No token: neither it nor the cluster id is sent. */
    record None() implements Token {
        @Override
        public Optional<String> read() {
            return Optional.empty();
        }

        @Override
        public String origin() {
            return "no token was sent";
        }
    }

    /** A file, read anew for each stream or call, for the kubelet replaces it. */
    record InFile(Path path) implements Token {
        private static final String REMEDY =
                ": mount a projected service account token (audience istio-ca) there, or set AUTH_TOKEN";

        @Override
        public Optional<String> read() throws IOException {
            try {
                String content = Files.readString(path).strip();
                if (content.isEmpty()) {
                    throw new IOException("token file " + path + " is empty" + REMEDY);
                }
                return Optional.of(content);
            } catch (NoSuchFileException e) {
                throw new IOException("token file " + path + " is missing" + REMEDY, e);
            } catch (AccessDeniedException e) {
                throw new IOException("token file " + path + " may not be read by this user" + REMEDY, e);
            }
        }

        @Override
        public String origin() {
            return "the token is that of " + path;
        }
    }

    /** The token itself, from the configuration. */
    record Literal(String value) implements Token {
        @Override
        public Optional<String> read() {
            return Optional.of(value);
        }

        @Override
        public String origin() {
            return "the token is the value of AUTH_TOKEN";
        }

        /** Not the value. */
        @Override
        public String toString() {
            return "Literal[...]";
        }
    }
}
