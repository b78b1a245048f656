package io.culvert.perf.axis;

import io.culvert.perf.subject.Subject;
import java.io.IOException;
import java.time.Duration;

/** One kind of load, and what is measured under it. */
public interface Axis {
    /** As it is chosen on the command line. */
    String name();

    /** What it does, in a sentence, for {@code --help} and for the report. */
    String meaning();

    /** Whether it says anything of such a subject. */
    boolean suits(Subject.Kind kind);

    /** Whether it starts the proxies anew, so that whoever comes after it finds them cold. */
    default boolean startsAnew() {
        return false;
    }

    /** About how long one measurement of one subject takes. */
    Duration estimate(Lengths lengths);

    /** One measurement of one subject. */
    void measure(Subject subject, Lengths lengths, Figures figures) throws IOException;
}
