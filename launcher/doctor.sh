# `./culvert doctor`: what this machine has, what it lacks, and the remedy. Sourced by ../culvert. Changes nothing.

failures=0

report() { # STATE NAME DETAIL [REMEDY]; STATE is ok, lacks (cannot work without) or note (works, with less)
    printf '%-6s %-22s %s\n' "$1" "$2" "$3"
    [ -z "${4:-}" ] || printf '%-6s %-22s -> %s\n' "" "" "$4"
    [ "$1" != lacks ] || failures=$((failures + 1))
}

examine() {
    examine_tools
    examine_kernel
    examine_rights
    if [ "$failures" -gt 0 ]; then
        printf '\n%d lacking: see the arrows.\n' "$failures"
        return 1
    fi
    printf '\nAll that ./culvert demo and ./culvert test need is here.\n'
}

examine_tools() {
    local found
    [ "$(uname -s)" = Linux ] && report ok "operating system" "$(uname -s) $(uname -r) $(uname -m)" \
        || report lacks "operating system" "$(uname -s)" "Culvert runs on Linux (x86_64 or aarch64) only"
    if found=$(find_jdk); then
        report ok "JDK $jdk_wanted" "$(jdk_version "$found") in $found"
    else
        report lacks "JDK $jdk_wanted" "none found" \
            "install temurin-25-jdk or openjdk-25-jdk-headless, or set JAVA_HOME"
    fi
    examine_maven
    examine_places
    if [ "$(command -v unshare flock setpriv | wc -l)" -eq 3 ]; then
        report ok util-linux "unshare, flock, setpriv"
    else
        report lacks util-linux "no unshare, flock or setpriv" "apt-get install util-linux"
    fi
    if found=$(command -v cc); then
        report ok "C compiler" "$found"
    else
        report note "C compiler" "none: the testkit plays the CNI plugin's part" "apt-get install gcc libc6-dev"
    fi
    if [ -n "$(PATH=$PATH:/usr/sbin:/sbin command -v containerd)" ]; then
        report ok "container runtime" "$(PATH=$PATH:/usr/sbin:/sbin command -v containerd)"
    else
        report note "container runtime" "none: the tests under containerd are not run" \
            "apt-get install containerd runc containernetworking-plugins"
    fi
}

examine_maven() {
    local found version java
    if ! found=$(command -v mvn); then
        report lacks Maven "none on PATH" "apt-get install maven"
        return
    fi
    java=$(find_jdk) || java=${JAVA_HOME:-}
    version=$(cd / && JAVA_HOME=$java mvn -B -v 2>/dev/null | sed -n 's/.*Apache Maven \([0-9][0-9.]*\).*/\1/p')
    case "$version" in
        3.9.* | 3.[1-9][0-9].* | 3.8.[7-9] | 3.8.[1-9][0-9]) report ok Maven "$version in $found" ;;
        *) report lacks Maven "${version:-no version that it tells} in $found" "install 3.8.7 or a later 3.x" ;;
    esac
}

examine_places() {
    local found
    lend_home
    found=$(repository_obstacle)
    [ -z "$found" ] && report ok "Maven's downloads" "$(maven_repository)" \
        || report lacks "Maven's downloads" "no place for them" "$found"
    # shellcheck disable=SC2046
    found=$(unwritable $(all_modules))
    [ -z "$found" ] && report ok "this tree" "$root" \
        || report note "this tree" "user $(me) may not write $found" \
            "what is built can be run; to build, chown -R $(me) $root, or use a clone of your own"
}

# Prints y, m, n, or nothing where the kernel does not tell how it was configured.
kernel_option() { # CONFIG_NAME
    local value
    if [ -r /proc/config.gz ]; then
        value=$(zcat /proc/config.gz 2>/dev/null | sed -n "s/^$1=//p")
    elif [ -r "/boot/config-$(uname -r)" ]; then
        value=$(sed -n "s/^$1=//p" "/boot/config-$(uname -r)")
    else
        return 0
    fi
    printf '%s\n' "${value:-n}"
}

examine_option() { # NAME CONFIG_NAME MODULE
    local value
    value=$(kernel_option "$2")
    if [ "$value" = y ] || [ -d "/sys/module/$3" ]; then
        report ok "$1" "in the kernel"
    elif [ "$value" = m ]; then
        report note "$1" "a module, not loaded" "the kernel loads it at first use by root; else: sudo modprobe $3"
    elif [ "$value" = n ]; then
        report lacks "$1" "not in this kernel" "use a kernel with $2"
    else
        report note "$1" "the kernel does not tell" "if the demo fails at it: sudo modprobe $3"
    fi
}

examine_kernel() {
    [ -e /proc/self/ns/net ] && report ok "network namespaces" "in the kernel" \
        || report lacks "network namespaces" "not in this kernel" "use a kernel with CONFIG_NET_NS"
    examine_option veth CONFIG_VETH veth
    examine_option bridge CONFIG_BRIDGE bridge
    examine_option nf_tables CONFIG_NF_TABLES nf_tables
    examine_option "nf_tables redirect" CONFIG_NFT_REDIR nft_redir
    [ -e /proc/net/if_inet6 ] && report ok IPv6 "on" \
        || report note IPv6 "off: the mesh is IPv4 only" "boot without ipv6.disable=1"
    if user_namespaces_work; then
        report ok "user namespaces" "usable"
    elif may_make_namespaces; then
        report note "user namespaces" "not usable; not needed as root" "$(user_namespaces_remedy)"
    else
        report lacks "user namespaces" "not usable" "$(user_namespaces_remedy)"
    fi
    examine_cgroups
}

examine_cgroups() {
    local kind
    kind=$(stat -f -c %T /sys/fs/cgroup 2>/dev/null || echo none)
    case "$kind" in
        cgroup2fs) report ok cgroups "version 2" ;;
        none)
            report note cgroups "not mounted: pods get no kubelet-shaped cgroups" \
                "mount -t cgroup2 none /sys/fs/cgroup"
            ;;
        *) report ok cgroups "version 1 or hybrid" ;;
    esac
}

examine_rights() {
    if may_make_namespaces; then
        report ok capabilities "CAP_SYS_ADMIN and CAP_NET_ADMIN: every test runs"
    else
        report note capabilities "no root: the demo uses user namespaces, tests that need root are skipped" \
            "run as root for all"
    fi
    local limit
    limit=$(ulimit -Hn)
    if [ "$limit" = unlimited ] || [ "$limit" -ge 4096 ]; then
        report ok "open files" "up to $limit"
    else
        report lacks "open files" "at most $limit" \
            "ulimit -Hn 20000 (as root), or raise nofile in /etc/security/limits.conf"
    fi
}
