package io.culvert.perf.axis;

import io.culvert.perf.figure.Quantity;
import io.culvert.perf.load.Line;
import io.culvert.perf.subject.Credential;
import io.culvert.perf.subject.Measured;
import io.culvert.perf.subject.Subject;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** New tunnels: full mutual TLS handshakes with the server's node, from somebody who is none of the proxies. */
final class HandshakesAxis implements Axis {
    private static final int CLIENTS = 8;

    /**
     * Key exchanges that a client may offer. A proxy takes what it likes best, and another may like another: only where
     * there is one choice do two proxies do the same work.
     */
    private enum Offer {
        ALL("all groups offered", "X25519MLKEM768,X25519,P-256"),
        CLASSIC("X25519 alone offered", "X25519");

        private final String text;
        private final String groups;

        Offer(String text, String groups) {
            this.text = text;
            this.groups = groups;
        }
    }

    @Override
    public String name() {
        return "handshakes";
    }

    @Override
    public String meaning() {
        return CLIENTS + " clients connect to 15008 of the server's node, make a full mutual TLS handshake, wait for"
                + " the first HTTP/2 frame, close, over and over; CPU time of the node's proxy";
    }

    @Override
    public boolean suits(Subject.Kind kind) {
        return kind == Subject.Kind.PROXY;
    }

    @Override
    public Duration estimate(Lengths lengths) {
        return lengths.whole(1).multipliedBy(Offer.values().length);
    }

    @Override
    public void measure(Subject subject, Lengths lengths, Figures figures) throws IOException {
        for (Offer offer : Offer.values()) {
            Measured measured = subject.measure(
                    subject.routeIn(), command(subject, lengths.command("handshakes", 1), offer, CLIENTS, 0));
            figures.show(Quantity.higher(name(), offer.text, "handshakes/s", 0), measured.perSecond());
            figures.latencies(name(), offer.text, measured.latencies());
            figures.cpuEach(name(), offer.text, "handshake", subject.kind(), measured);
            figures.note("handshakes, " + offer.text + ": " + subject.name() + " took "
                    + String.join(", ", List.of(measured.done().text("agreed").split(",", -1))) + ".");
        }
    }

    /** With what a client offers that has no reason to choose. */
    static Line command(Subject subject, Line command, int clients, int rate) throws IOException {
        return command(subject, command, Offer.ALL, clients, rate);
    }

    /** @param rate of all clients together; 0: as many as the proxy can bear */
    private static Line command(Subject subject, Line command, Offer offer, int clients, int rate) throws IOException {
        Credential credential = subject.credential();
        return command.with("to", subject.tunnelEntrance())
                .with("clients", clients)
                .with("rate", rate)
                .with("groups", offer.groups)
                .with("chain", credential.chain())
                .with("key", credential.key());
    }
}
