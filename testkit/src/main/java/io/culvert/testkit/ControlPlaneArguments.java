package io.culvert.testkit;

import io.culvert.testkit.controlplane.ControlScript;
import io.culvert.testkit.spec.ScaleMesh;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * The command line of the control plane.
 *
 * @param directory where root certificate and tokens go; empty: a new temporary one, which goes at the end
 * @param offset of the address plan
 * @param script what is to happen after the start
 * @param generated what there is beside the mesh
 */
record ControlPlaneArguments(
        Path mesh,
        InetSocketAddress listen,
        Optional<Path> directory,
        int offset,
        Optional<Path> script,
        Optional<ScaleMesh> generated) {
    static final String USAGE = """
            usage: control-plane --mesh FILE [--listen ADDRESS:PORT] [--dir DIRECTORY] [--offset N]
                                 [--script FILE] [--add WORKLOADS,SERVICES,POLICIES]
              --mesh    what the mesh consists of; read again whenever it changes
              --listen  one TLS port for discovery and certificates; default 127.0.0.1:15012
              --dir     where the root certificate and the proxies' tokens are written;
                        default: a new temporary directory
              --offset  which of the address plan's ranges to use for pods and services without addresses; default 0
              --script  faults and changes, one a line, to be done once after the start:
            """ + ControlScript.HELP.indent(12) + """
              --add     so many generated resources beside those of the mesh file, to see how a proxy bears them""";

    private static final InetSocketAddress LISTEN_DEFAULT =
            new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 15012);

    /**
     * Reads the arguments.
     *
     * @throws IllegalArgumentException naming the argument and the remedy
     */
    static ControlPlaneArguments parse(List<String> arguments) {
        Optional<Path> mesh = Optional.empty();
        InetSocketAddress listen = LISTEN_DEFAULT;
        Optional<Path> directory = Optional.empty();
        int offset = 0;
        Optional<Path> script = Optional.empty();
        Optional<ScaleMesh> generated = Optional.empty();
        Iterator<String> rest = arguments.iterator();
        while (rest.hasNext()) {
            String name = rest.next();
            switch (name) {
                case "--mesh" -> mesh = Optional.of(Path.of(value(name, rest)));
                case "--listen" -> listen = address(value(name, rest));
                case "--dir" -> directory = Optional.of(Path.of(value(name, rest)));
                case "--script" -> script = Optional.of(Path.of(value(name, rest)));
                case "--add" -> generated = Optional.of(size(value(name, rest)));
                case "--offset" -> offset = number(name, value(name, rest));
                default -> throw new IllegalArgumentException("unknown argument " + name);
            }
        }
        Path file = mesh.orElseThrow(() -> new IllegalArgumentException("--mesh is missing; name a mesh file"));
        return new ControlPlaneArguments(file, listen, directory, offset, script, generated);
    }

    /** {@code 200000,20000,2000}. */
    private static ScaleMesh size(String text) {
        String[] numbers = text.split(",", -1);
        if (numbers.length != 3) {
            throw new IllegalArgumentException(
                    "--add '" + text + "' is no size; write workloads,services,policies such as 200000,20000,2000");
        }
        return new ScaleMesh(number("--add", numbers[0]), number("--add", numbers[1]), number("--add", numbers[2]));
    }

    private static String value(String name, Iterator<String> rest) {
        if (!rest.hasNext()) {
            throw new IllegalArgumentException(name + " needs a value");
        }
        return rest.next();
    }

    private static int number(String name, String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + " '" + text + "' is no whole number");
        }
    }

    /** {@code 10.0.0.1:15012} or {@code [fd00::1]:15012}. */
    private static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        InetSocketAddress parsed;
        try {
            String host = text.substring(0, Math.max(colon, 0));
            boolean bracketed = host.startsWith("[") && host.endsWith("]");
            InetAddress address = InetAddress.ofLiteral(bracketed ? host.substring(1, host.length() - 1) : host);
            parsed = new InetSocketAddress(address, Integer.parseInt(text.substring(colon + 1)));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "--listen '" + text + "' is no address and port; write 127.0.0.1:15012 or [::1]:15012");
        }
        if (parsed.getAddress().isAnyLocalAddress()) {
            throw new IllegalArgumentException(
                    "--listen '" + text + "' is no address to be reached by; its certificate and the proxies need one");
        }
        return parsed;
    }
}
