package io.culvert.e2e.rules;

/**
 * A place that breaks a rule.
 *
 * @param rule short name, the key of an allowance
 * @param path file
 * @param line from 1; 0 when the whole file is meant
 * @param size what was measured where the rule has a limit, else 1
 * @param message what is wrong and what to do instead
 */
record Finding(String rule, String path, int line, int size, String message) {

    @Override
    public String toString() {
        return path + (line > 0 ? ":" + line : "") + ": " + rule + ": " + message;
    }
}
