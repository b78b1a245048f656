package io.culvert.testkit.demo;

import java.util.ArrayList;
import java.util.List;

/** What should have been so, and whether it was. Shown when it is known, and counted for the end. */
final class Expectations {
    private final Terminal terminal;
    private final List<String> failed = new ArrayList<>();
    private int held;

    Expectations(Terminal terminal) {
        this.terminal = terminal;
    }

    /** @param detail what was there instead; shown only if {@code ok} is false */
    void that(boolean ok, String what, String detail) {
        terminal.verdict(ok, what, detail);
        if (ok) {
            held++;
        } else {
            failed.add(what);
        }
    }

    boolean allHeld() {
        return failed.isEmpty();
    }

    int heldCount() {
        return held;
    }

    List<String> failures() {
        return List.copyOf(failed);
    }
}
