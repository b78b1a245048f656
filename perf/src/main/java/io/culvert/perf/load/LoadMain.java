package io.culvert.perf.load;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * The generator's program, in one of the roles {@code server}, {@code client} or {@code relay}. Reads commands from
 * standard input until its end, and answers on standard output; says {@code ready} first. A command that fails is
 * answered by {@code failed why=...}, and the next may follow.
 */
public final class LoadMain {
    /**
     * More ports for connections that come and go, and none that a proxy listens on; a port is free again after a
     * second, as between hosts with timestamps (net.ipv4.tcp_tw_reuse in the kernel's ip-sysctl.rst).
     */
    private static final Map<String, String> SYSCTLS =
            Map.of("ipv4/ip_local_port_range", "20000 65000", "ipv4/tcp_tw_reuse", "1");

    private final LongSupplier nanoTicker;
    private final PrintStream out;
    private final HeldConnections held = new HeldConnections();

    private LoadMain(LongSupplier nanoTicker, PrintStream out) {
        this.nanoTicker = nanoTicker;
        this.out = out;
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        LoadMain main = new LoadMain(System::nanoTime, System.out);
        widenPorts();
        switch (arguments[0]) {
            case "server" -> main.serve(LoadServer.start(main.nanoTicker));
            case "client" -> main.generate();
            case "relay" ->
                main.relay(Line.parse(
                        "relay " + String.join(" ", List.of(arguments).subList(1, arguments.length))));
            default -> throw new IllegalArgumentException("there is no role " + arguments[0]);
        }
    }

    private static void widenPorts() throws IOException {
        for (Map.Entry<String, String> sysctl : SYSCTLS.entrySet()) {
            Path file = Path.of("/proc/sys/net", sysctl.getKey());
            if (Files.isWritable(file)) {
                Files.writeString(file, sysctl.getValue());
            }
        }
    }

    private void serve(LoadServer server) throws IOException, InterruptedException {
        answer(command -> Line.of("mark").with("nanos", nanoTicker.getAsLong()).with("received", server.received()));
    }

    private void generate() throws IOException, InterruptedException {
        answer(this::run);
    }

    private Line run(Line command) throws IOException, InterruptedException {
        try (Sockets sockets = sockets(command)) {
            return switch (command.verb()) {
                case "bulk" -> BulkLoad.run(command, stretch(command), sockets);
                case "requests" -> RequestLoad.run(command, stretch(command), sockets);
                case "paced" -> PacedLoad.run(command, stretch(command), sockets);
                case "connects" -> ConnectLoad.run(command, stretch(command));
                case "handshakes" -> HandshakeLoad.run(command, stretch(command));
                case "hold" -> held.hold(command, sockets);
                case "release" -> held.release();
                default -> throw new IllegalArgumentException("there is no command " + command.verb());
            };
        }
    }

    private Stretch stretch(Line command) {
        return Stretch.of(command, nanoTicker, this::say);
    }

    private static Sockets sockets(Line command) throws IOException {
        String pods = command.values().getOrDefault("pods", "");
        return pods.isEmpty() ? Sockets.here() : Sockets.inPods(List.of(pods.split(",", -1)));
    }

    private void relay(Line options) throws IOException {
        Thread.ofPlatform().daemon().name("relay-watch").start(LoadMain::endWithInput);
        InetAddress from = InetAddress.ofLiteral(options.text("from"));
        InetAddress to = InetAddress.ofLiteral(options.text("to"));
        Relay.run(from, to, nanoTicker, () -> say(Line.of("ready")));
    }

    /** Whoever started the program is gone, or wants it gone. */
    private static void endWithInput() {
        try {
            while (System.in.read() >= 0) {
                // A relay takes no commands.
            }
        } catch (IOException gone) {
            // The same.
        }
        System.exit(0);
    }

    /** One command. */
    private interface Action {
        Line answer(Line command) throws IOException, InterruptedException;
    }

    private void answer(Action action) throws IOException, InterruptedException {
        say(Line.of("ready"));
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String text = in.readLine(); text != null; text = in.readLine()) {
            try {
                say(action.answer(Line.parse(text)));
            } catch (IOException | RuntimeException failure) {
                say(Line.of("failed").with("why", String.valueOf(failure.getMessage())));
            }
        }
    }

    private synchronized void say(Line line) {
        out.println(line);
        out.flush();
    }
}
