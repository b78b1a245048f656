package io.culvert.linux;

import java.nio.file.Path;

/** Mounts in the process's mount namespace. All need CAP_SYS_ADMIN. */
public final class Mounts {
    private static final long MS_NOSUID_NODEV = 2 | 4;
    private static final long MS_BIND = 4096;
    private static final int MNT_DETACH = 2;
    private static final int UMOUNT_NOFOLLOW = 8;

    private Mounts() {}

    /**
     * Makes {@code from} appear at {@code to}, which must exist. With a namespace file as source, the mount keeps the
     * namespace alive and gives it a name.
     */
    public static void bind(Path from, Path to) throws KernelException {
        int done = FileCalls.mount(from.toString(), to.toString(), "none", MS_BIND, "");
        if (done < 0) {
            throw new KernelException(-done, "bind-mount " + from + " on " + to);
        }
    }

    /** Gives a network namespace a name in the file system: a bind mount on {@code to}, an existing empty file. */
    public static void bind(Netns netns, Path to) throws KernelException {
        try (Fd source = netns.fd().duplicate()) {
            bind(Path.of("/proc/self/fd/" + source.number()), to);
        }
    }

    /** An empty file system in memory. */
    public static void tmpfs(Path target) throws KernelException {
        int done = FileCalls.mount("tmpfs", target.toString(), "tmpfs", MS_NOSUID_NODEV, "mode=0755");
        if (done < 0) {
            throw new KernelException(-done, "mount tmpfs on " + target);
        }
    }

    /** Takes the topmost mount off now; files still open under it stay usable. Does not follow a symbolic link. */
    public static void unmount(Path target) throws KernelException {
        int done = FileCalls.unmount(target.toString(), MNT_DETACH | UMOUNT_NOFOLLOW);
        if (done < 0) {
            throw new KernelException(-done, "unmount " + target);
        }
    }
}
