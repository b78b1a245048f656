package io.culvert.testkit.controlplane;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * What is to happen to a control plane, line by line: changes and faults, and waiting between them. The words are in
 * {@link #HELP}. A script is checked as a whole before its first line runs.
 */
public final class ControlScript {
    public static final String HELP = """
            One step a line; # begins a comment. Durations: 500ms, 2s, 5m, 1h, 2d.
              wait DURATION
              ads drop|duplicate|swap|repeat-nonce|skew-versions|mute|garbage|unknown-type [N]
              ads delay DURATION [N]
              ads spoil KIND [N]            truncated, unknown-enum, bad-address, bad-cidr, no-destination,
                                            bad-service-name, no-payload, huge-name
              ads end STATUS [N]            in place of a response; STATUS as gRPC writes it
              ads clear                     all is well, what was kept back goes out
              ads close STATUS              every stream, now
              ads deaf on|off               requests are left unread
              ca silent|wrong-key [N]
              ca slow|life|skew DURATION [N]
              ca refuse STATUS [N]
              ca wrong-san IDENTITY [N]
              ca malformed SHAPE [N]        empty, leaf-alone, garbage, foreign-root
              ca clear
              ca rotate intermediate|add-root|sign-by-newest|drop-old|replace-root
              ca renew-server               the port's own certificate, by whatever signs now
              remove address|authorization NAME
              unusable address|authorization NAME KIND
            Without N a fault holds until 'clear'; with N, for so many answers.""";

    private final List<Step> steps;

    private ControlScript(List<Step> steps) {
        this.steps = steps;
    }

    /**
     * One line.
     *
     * @param pause before the action
     */
    record Step(int line, String text, Duration pause, Consumer<ControlPlane> action) {}

    /**
     * Reads and checks a file.
     *
     * @throws IOException if it cannot be read
     */
    public static ControlScript read(Path file) throws IOException {
        return parse(Files.readString(file));
    }

    /**
     * Checks a text.
     *
     * @throws IllegalArgumentException naming the line and what is wrong with it
     */
    public static ControlScript parse(String text) {
        List<Step> steps = new ArrayList<>();
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            int comment = line.indexOf('#');
            String step = (comment < 0 ? line : line.substring(0, comment)).strip();
            if (!step.isEmpty()) {
                steps.add(parse(number, step));
            }
        }
        return new ControlScript(List.copyOf(steps));
    }

    private static Step parse(int number, String step) {
        try {
            Words words = Words.of(step);
            Step parsed = words.peekIs("wait")
                    ? new Step(number, step, words.skip().duration(), server -> {})
                    : new Step(number, step, Duration.ZERO, ScriptVerbs.parse(words));
            words.end();
            return parsed;
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("line " + number + ", '" + step + "': " + e.getMessage(), e);
        }
    }

    /**
     * Does it all, in real time, and returns after the last step.
     *
     * @param tell hears each step before it is done
     */
    public void run(ControlPlane server, Consumer<String> tell) throws InterruptedException {
        for (Step step : steps) {
            tell.accept(step.text());
            server.pause(step.pause());
            step.action().accept(server);
        }
    }

    public int size() {
        return steps.size();
    }
}
