package io.culvert.linux;

/** Who connected a Unix socket, as the kernel vouches for it (SO_PEERCRED; at the time of connect). */
public record PeerCredentials(int pid, int uid, int gid) {}
