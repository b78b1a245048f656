package io.culvert.testkit.mesh;

import io.culvert.testkit.controlplane.ControlPlaneEvent.Acked;
import io.culvert.testkit.controlplane.ControlPlaneEvent.Nacked;
import io.culvert.testkit.controlplane.ControlPlaneEvent.Sent;
import io.culvert.testkit.controlplane.ControlPlaneEvent.StreamClosed;
import io.culvert.testkit.controlplane.EventLog;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Tells from a control plane's events what its proxies have not answered yet. */
final class Pushes {
    private Pushes() {}

    /** Responses on open streams that are neither accepted nor rejected. */
    static List<Sent> unanswered(EventLog events) {
        Set<Long> closed = new HashSet<>();
        events.all(StreamClosed.class).forEach(event -> closed.add(event.stream()));
        Set<Answer> answers = new HashSet<>();
        events.all(Acked.class).forEach(event -> answers.add(new Answer(event.stream(), event.nonce())));
        events.all(Nacked.class).forEach(event -> answers.add(new Answer(event.stream(), event.nonce())));
        return events.all(Sent.class).stream()
                .filter(sent -> !closed.contains(sent.stream()))
                .filter(sent -> !answers.contains(new Answer(sent.stream(), sent.nonce())))
                .toList();
    }

    private record Answer(long stream, String nonce) {}
}
