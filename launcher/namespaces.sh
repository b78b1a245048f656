# A place where a mesh may be made: here, for root; in user namespaces of our own, for everyone else. Sourced by
# ../culvert.

capability() { # BIT; true where this process has it in effect
    local effective
    effective=$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)
    (( (16#$effective >> $1) & 1 ))
}

# CAP_SYS_ADMIN (21) enters and mounts, CAP_NET_ADMIN (12) makes links, addresses and rules.
may_make_namespaces() {
    [ "$(id -u)" -eq 0 ] && capability 21 && capability 12
}

# A JVM is multi-threaded before its first line runs, and such a process cannot enter a user namespace: so it starts in
# one. The process namespace makes cleaning up certain: when its first process ends, the kernel ends all the others.
unshare_flags=(--user --map-root-user --net --mount --pid --fork --kill-child --mount-proc)

user_namespaces_work() {
    command -v unshare >/dev/null && unshare "${unshare_flags[@]}" true 2>/dev/null
}

# One sentence: what to do so that user namespaces work.
user_namespaces_remedy() {
    local sysctl=/proc/sys
    if ! command -v unshare >/dev/null; then
        echo "install util-linux for its unshare, or run as root"
    elif [ ! -e /proc/self/ns/user ]; then
        echo "this kernel has no user namespaces (CONFIG_USER_NS): run as root"
    elif [ "$(cat $sysctl/kernel/unprivileged_userns_clone 2>/dev/null)" = 0 ]; then
        echo "run as root, or allow user namespaces: sudo sysctl kernel.unprivileged_userns_clone=1"
    elif [ "$(cat $sysctl/user/max_user_namespaces 2>/dev/null)" = 0 ]; then
        echo "run as root, or allow user namespaces: sudo sysctl user.max_user_namespaces=15000"
    elif [ "$(cat $sysctl/kernel/apparmor_restrict_unprivileged_userns 2>/dev/null)" = 1 ]; then
        echo "run as root, or allow user namespaces: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"
    else
        echo "run as root, and in a container with CAP_SYS_ADMIN, CAP_NET_ADMIN and no seccomp filter on" \
            "unshare and mount"
    fi
}

enter_namespaces() { # COMMAND...
    if may_make_namespaces; then
        exec "$@"
    fi
    user_namespaces_work || die "this kernel lets us make no network namespaces: $(user_namespaces_remedy)."
    say "not root: running in user namespaces of its own"
    # The demo tells how to enter them: by the child of this very process.
    export CULVERT_LAUNCHER_PID=$$
    # A fresh namespace has its loopback interface down, and then a JVM takes IPv6 for absent, for good.
    # shellcheck disable=SC2016
    exec unshare "${unshare_flags[@]}" bash -c \
        '"$JAVA_HOME/bin/java" -XX:TieredStopAtLevel=1 --enable-native-access=ALL-UNNAMED -cp "$0" \
            io.culvert.testkit.network.LoopbackMain && exec "$@"' "$(class_path testkit)" "$@"
}
