package io.culvert.perf.subject;

import io.culvert.perf.load.Line;
import io.culvert.perf.load.Service;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * From where to where load goes.
 *
 * @param client puts the load on
 * @param server takes it
 * @param to where the client finds the server's services: its own address, or a relay's
 */
public record Route(Generator client, Generator server, InetAddress to) {

    /** A service, as a command's value. */
    public String at(Service service) {
        return Line.text(new InetSocketAddress(to, service.port()));
    }
}
