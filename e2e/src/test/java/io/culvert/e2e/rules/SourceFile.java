package io.culvert.e2e.rules;

import java.util.List;

/**
 * One file of the tree.
 *
 * @param path relative to the root of the repository, with forward slashes
 * @param text all of it
 */
record SourceFile(String path, String text) {

    List<String> lines() {
        return text.lines().toList();
    }

    boolean isJava() {
        return path.endsWith(".java");
    }

    /** Directory part of the path. */
    String directory() {
        return path.substring(0, Math.max(0, path.lastIndexOf('/')));
    }

    String name() {
        return path.substring(path.lastIndexOf('/') + 1);
    }
}
