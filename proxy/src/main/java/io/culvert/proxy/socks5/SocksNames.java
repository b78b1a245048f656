package io.culvert.proxy.socks5;

import io.culvert.proxy.pod.PodLoop;
import io.culvert.xds.mesh.IpAddress;

/** Finds addresses of the names that applications ask for, as the DNS proxy of their pod would answer. */
public interface SocksNames {

    /** Where there is no DNS proxy: every name is refused as not supported, as by the original. */
    SocksNames NONE =
            (pod, name, v4, answer) -> answer.unsupported("unsupported hostname lookup, requires DNS enabled");

    /**
     * Answers on the pod's loop, perhaps before this returns; late answers are no harm.
     *
     * @param v4 whether an IPv4 address is wanted, else an IPv6 one: of the family of the application's own
     */
    void find(PodLoop pod, String name, boolean v4, Answer answer);

    /** Takes the answer. */
    interface Answer {
        void found(IpAddress address);

        /** There is none; the text says why. */
        void notFound(String text);

        /** Nobody here resolves names. */
        void unsupported(String text);
    }
}
