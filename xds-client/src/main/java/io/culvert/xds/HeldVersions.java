package io.culvert.xds;

import com.google.protobuf.CodedOutputStream;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Name and version of every resource of one type that is held, and what it takes to repeat them in a request. Of
 * 220,000 names it costs 6 MB beside the names themselves, which it shares with the mesh state: an open-addressed table
 * (Knuth 6.4 algorithm L, removal by algorithm R), and versions of sixteen hexadecimal digits, as istiod's are, as one
 * number each. Used by the control thread.
 */
final class HeldVersions {
    private static final int CAPACITY_MIN = 16;
    private static final int HEX_DIGITS = 16;
    /** Of a map entry: tag and length of the entry (up to 2 MiB), tags of key and value. */
    private static final int ENTRY_OVERHEAD_BYTES = 1 + 4 + 1 + 1;

    private @Nullable String[] names = new String[CAPACITY_MIN];
    private long[] numbers = new long[CAPACITY_MIN];
    /** Versions that are not sixteen digits; null while there are none. */
    private @Nullable String @Nullable [] texts;

    private int size;
    private long requestBytes;

    int size() {
        return size;
    }

    /** How many bytes a request takes to name all of them, or a little less. */
    long requestBytes() {
        return requestBytes;
    }

    /** In place of the version that this name had, if any. */
    void put(String name, String version) {
        int at = find(name);
        if (names[at] != null) {
            requestBytes -= entryBytes(name, versionAt(at));
        } else {
            names[at] = name;
            size++;
        }
        set(at, version);
        requestBytes += entryBytes(name, version);
        if (size > names.length / 4 * 3) {
            resize(names.length * 2);
        }
    }

    private void set(int at, String version) {
        long number = number(version);
        boolean isNumber = version.length() == HEX_DIGITS && text(number).equals(version);
        numbers[at] = isNumber ? number : 0;
        if (texts == null && !isNumber) {
            texts = new String[names.length];
        }
        if (texts != null) {
            texts[at] = isNumber ? null : version;
        }
    }

    /** Of what is not sixteen digits, any number. */
    private static long number(String version) {
        long number = 0;
        for (int i = 0; i < version.length(); i++) {
            number = (number << 4) | Math.max(0, Character.digit(version.charAt(i), HEX_DIGITS));
        }
        return number;
    }

    private static String text(long number) {
        char[] digits = new char[HEX_DIGITS];
        for (int i = 0; i < HEX_DIGITS; i++) {
            digits[i] = Character.forDigit((int) (number >>> ((HEX_DIGITS - 1 - i) * 4)) & 0xf, HEX_DIGITS);
        }
        return new String(digits);
    }

    private String versionAt(int at) {
        String text = texts == null ? null : texts[at];
        return text == null ? text(numbers[at]) : text;
    }

    /** Null if the name is not held. */
    @Nullable
    String get(String name) {
        int at = find(name);
        return names[at] == null ? null : versionAt(at);
    }

    boolean contains(String name) {
        return names[find(name)] != null;
    }

    /** Nothing if the name is not held. */
    void remove(String name) {
        int hole = find(name);
        if (names[hole] == null) {
            return;
        }
        requestBytes -= entryBytes(name, versionAt(hole));
        size--;
        clear(hole);
        int mask = names.length - 1;
        int at = (hole + 1) & mask;
        String next = names[at];
        while (next != null) {
            int home = slot(next, mask);
            // Whatever was pushed past the hole by it comes back.
            if (((at - home) & mask) >= ((at - hole) & mask)) {
                move(at, hole);
                hole = at;
            }
            at = (at + 1) & mask;
            next = names[at];
        }
        if (names.length > CAPACITY_MIN && size < names.length / 8) {
            resize(names.length / 2);
        }
    }

    private void move(int from, int to) {
        names[to] = names[from];
        numbers[to] = numbers[from];
        if (texts != null) {
            texts[to] = texts[from];
        }
        clear(from);
    }

    private void clear(int at) {
        names[at] = null;
        numbers[at] = 0;
        if (texts != null) {
            texts[at] = null;
        }
    }

    void forEach(BiConsumer<String, String> action) {
        for (int at = 0; at < names.length; at++) {
            String name = names[at];
            if (name != null) {
                action.accept(name, versionAt(at));
            }
        }
    }

    void forEachName(Consumer<String> action) {
        for (String name : names) {
            if (name != null) {
                action.accept(name);
            }
        }
    }

    private int find(String name) {
        int mask = names.length - 1;
        int at = slot(name, mask);
        while (names[at] != null && !name.equals(names[at])) {
            at = (at + 1) & mask;
        }
        return at;
    }

    private static int slot(String name, int mask) {
        int hash = name.hashCode() * 0x9E3779B9;
        return (hash ^ (hash >>> 16)) & mask;
    }

    private void resize(int capacity) {
        @Nullable String[] oldNames = names;
        long[] oldNumbers = numbers;
        @Nullable String @Nullable [] oldTexts = texts;
        names = new String[capacity];
        numbers = new long[capacity];
        texts = oldTexts == null ? null : new String[capacity];
        for (int old = 0; old < oldNames.length; old++) {
            String name = oldNames[old];
            if (name != null) {
                int at = find(name);
                names[at] = name;
                numbers[at] = oldNumbers[old];
                if (texts != null && oldTexts != null) {
                    texts[at] = oldTexts[old];
                }
            }
        }
    }

    static long entryBytes(String name, String version) {
        return (long) ENTRY_OVERHEAD_BYTES
                + CodedOutputStream.computeStringSizeNoTag(name)
                + CodedOutputStream.computeStringSizeNoTag(version);
    }
}
