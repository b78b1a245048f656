package io.culvert.agent.cni;

import java.util.Arrays;

/**
 * Cuts the exact bytes of one member out of a JSON object. Reading and writing it again would change number spellings,
 * escapes and the order of members, and the result of other plugins is not ours to change.
 */
final class JsonSpan {
    private JsonSpan() {}

    /**
     * Cuts it out.
     *
     * @param json one valid JSON object, checked by a parser before; every structural character is a single byte in
     *     UTF-8
     * @return the value's bytes; empty where there is no such member
     */
    static byte[] topLevelMember(byte[] json, String name) {
        String wanted = '"' + name + '"';
        int depth = 0;
        int start = -1;
        for (int at = 0; at < json.length; at++) {
            switch (json[at]) {
                case '"' -> {
                    int end = stringEnd(json, at);
                    int next = skipBlanks(json, end);
                    if (depth == 1 && start < 0 && json[next] == ':' && isText(json, at, end, wanted)) {
                        start = skipBlanks(json, next + 1);
                        // The loop goes on with the value itself.
                        at = start - 1;
                    } else {
                        at = end - 1;
                    }
                }
                case '{', '[' -> depth++;
                case '}', ']' -> {
                    depth--;
                    if (depth == 0 && start >= 0) {
                        return trimmed(json, start, at);
                    }
                }
                case ',' -> {
                    if (depth == 1 && start >= 0) {
                        return trimmed(json, start, at);
                    }
                }
                default -> {
                    // Part of a number, a word or a blank.
                }
            }
        }
        return new byte[0];
    }

    /** The index behind the closing quote. */
    private static int stringEnd(byte[] json, int start) {
        int at = start + 1;
        while (json[at] != '"') {
            at += json[at] == '\\' ? 2 : 1;
        }
        return at + 1;
    }

    private static int skipBlanks(byte[] json, int from) {
        int at = from;
        while (json[at] == ' ' || json[at] == '\t' || json[at] == '\n' || json[at] == '\r') {
            at++;
        }
        return at;
    }

    private static boolean isText(byte[] json, int start, int end, String text) {
        if (end - start != text.length()) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (json[start + i] != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private static byte[] trimmed(byte[] json, int start, int end) {
        int last = end;
        while (json[last - 1] <= ' ' && json[last - 1] >= 0) {
            last--;
        }
        return Arrays.copyOfRange(json, start, last);
    }
}
