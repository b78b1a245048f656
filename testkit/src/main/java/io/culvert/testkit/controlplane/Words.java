package io.culvert.testkit.controlplane;

import io.grpc.Status;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One line of a script, word by word. What is wrong is said by an IllegalArgumentException. */
final class Words {
    private static final Pattern DURATION = Pattern.compile("(-?\\d{1,9})(ms|s|m|h|d)");

    private final List<String> words;
    private int next;

    private Words(List<String> words) {
        this.words = words;
    }

    static Words of(String line) {
        return new Words(List.of(line.split("\\s+")));
    }

    boolean peekIs(String word) {
        return next < words.size() && words.get(next).equals(word);
    }

    Words skip() {
        next++;
        return this;
    }

    String word(String what) {
        if (next == words.size()) {
            throw new IllegalArgumentException(what + " is missing");
        }
        return words.get(next++);
    }

    Duration duration() {
        String word = word("a duration");
        Matcher matcher = DURATION.matcher(word);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + word + "' is no duration; write 500ms, 2s, 5m, 1h or 2d");
        }
        long amount = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(amount);
            case "s" -> Duration.ofSeconds(amount);
            case "m" -> Duration.ofMinutes(amount);
            case "h" -> Duration.ofHours(amount);
            default -> Duration.ofDays(amount);
        };
    }

    /** {@code bad-cidr} for {@code BAD_CIDR}. */
    <E extends Enum<E>> E choice(Class<E> type, String what) {
        String word = word(what);
        for (E value : type.getEnumConstants()) {
            if (spelled(value).equals(word.toLowerCase(Locale.ROOT))) {
                return value;
            }
        }
        String choices = String.join(
                ", ", Arrays.stream(type.getEnumConstants()).map(Words::spelled).toList());
        throw new IllegalArgumentException("'" + word + "' is no " + what + "; there are: " + choices);
    }

    private static String spelled(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    Status status() {
        String word = word("a status");
        try {
            return Status.Code.valueOf(word).toStatus().withDescription("by script");
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("'" + word + "' is no status; write UNAVAILABLE, INTERNAL or such", e);
        }
    }

    /** The last word, if it is there: how many times. */
    OptionalInt times() {
        if (next == words.size()) {
            return OptionalInt.empty();
        }
        String word = words.get(next++);
        if (!word.matches("[1-9]\\d{0,8}")) {
            throw new IllegalArgumentException("'" + word + "' is no number of times");
        }
        return OptionalInt.of(Integer.parseInt(word));
    }

    void end() {
        if (next < words.size()) {
            throw new IllegalArgumentException("'" + words.get(next) + "' is too much");
        }
    }
}
