# The command lines of Culvert's JVMs. Sourced by ../culvert. Each function leaves its answer in the array COMMAND.

# All of them: one collector thread (live heaps are tens of megabytes), no name of theirs in /tmp, and foreign-function
# access without a warning.
common_flags=(
    -XX:+UseSerialGC
    -XX:-UsePerfData
    -XX:+ExitOnOutOfMemoryError
    --enable-native-access=ALL-UNNAMED
    # Netty asks the network cards for an identity and warns where there is none, as in a fresh namespace.
    -Dio.netty.machineId=02:00:00:00:00:00:00:01
    # Events for the flight recorder cost a tenth of a second of the start and are looked at by nobody.
    -Dio.netty.jfr.enabled=false
)

# Programs that wait more than they compute: no second compiler, no warm-up, 10 to 40 MB less.
first_compiler_only=(-XX:TieredStopAtLevel=1)

# The proxy has both compilers: a connection costs it a third less (docs/performance.md). What the second one takes from
# malloc for its work is given back every two seconds. Compilers stand back behind the data loops; the JVM takes the two
# flags of that without a warning from root alone.
both_compilers=(-XX:TieredStopAtLevel=4 -XX:TrimNativeHeapInterval=2000)
[ "$(id -u)" != 0 ] || both_compilers+=(-XX:ThreadPriorityPolicy=1 -XX:CompilerThreadPriority=10)

# Where Netty unpacks its native libraries: an exec-able directory, which may be all that is writable.
netty_workdir() {
    printf '%s\n' "-Dio.netty.native.workdir=${CULVERT_NATIVE_WORKDIR:-${TMPDIR:-/tmp}}"
}

cache_of() { # PROGRAM
    printf '%s\n' "${CULVERT_AOT_DIRECTORY:-$root/$(module_of "$1")/target}/$1.aot"
}

# A cache that is older than a jar, or was made for jars in other places, cannot fit. The JVM finds out too, but of the
# first it then does without the JDK's own as well, and of the second it says nothing and leaves half of it aside.
cache_is_young() { # PROGRAM
    local cache jar trained_for
    cache=$(cache_of "$1")
    [ -f "$cache" ] && [ -f "$cache.classpath" ] || return 1
    trained_for=$(<"$cache.classpath")
    [ "$trained_for" = "$(class_path "$(module_of "$1")")" ] || return 1
    while IFS= read -r -d: jar; do
        [ ! "$jar" -nt "$cache" ] || return 1
    done < <(class_path "$(module_of "$1")" | tr '\n' ':')
}

# Takes the cache if there is one (see aot.sh). The JVM verifies its checksums, ten milliseconds for which a damaged
# file is no crash, and keeps its several lines about one that does not fit to itself: the program says it in one.
cache_flags() { # PROGRAM; leaves its answer in the array CACHE
    CACHE=()
    if cache_is_young "$1"; then
        CACHE=("-XX:AOTCache=$(cache_of "$1")" -XX:+VerifySharedSpaces -Xlog:aot=off -Xlog:cds=off
            "-Dculvert.aot.cache=$(cache_of "$1")")
    elif [ -f "$(cache_of "$1")" ]; then
        printf 'culvert: the AOT cache of the %s is older than its jars, or made for others, and is not used: %s\n' \
            "$1" './culvert train' >&2
    elif [ -z "${no_cache_is_fine:-}" ]; then
        printf 'culvert: no AOT cache of the %s: it starts in twice the time; ./culvert train makes one\n' "$1" >&2
    fi
}

# The proxy's largest heap, in MiB: half of what memory the machine or the container has, at least 96, at most 1,024. It
# is what a large mesh may take, not what is taken: the JVM starts with 8 and grows as the mesh does. Half, because
# buffers, code and libraries live beside it. More than 1,024 would be for meshes of a million workloads, and such a
# heap is no longer collected in a blink by one thread.
proxy_heap_mib() { # [CGROUPS [MEMINFO]]
    local limit group
    limit=$(awk '/^MemTotal:/ { print int($2 / 1024) }' "${2:-/proc/meminfo}")
    while IFS= read -r group; do
        # v1 says "none" with a number near 2^63, v2 with "max".
        [[ "$group" =~ ^[0-9]{1,15}$ ]] && [ $((group >> 20)) -lt "$limit" ] && limit=$((group >> 20))
    done < <(cgroup_memory_limits "${1:-/sys/fs/cgroup}")
    limit=$((limit / 2))
    [ "$limit" -ge 96 ] || limit=96
    [ "$limit" -le 1024 ] || limit=1024
    printf '%s\n' "$limit"
}

# The most the JVM may have outside of its heap, in MiB: the proxy bounds its buffers itself, at half of the heap or at
# what CULVERT_BUFFER_MEMORY_MIB says; this is for what else there is, and for a loop's buffers on top of the bound.
proxy_direct_mib() { # [CGROUPS [MEMINFO]]
    local buffers=${CULVERT_BUFFER_MEMORY_MIB:-}
    [[ "$buffers" =~ ^[0-9]{1,7}$ ]] || buffers=$(($(proxy_heap_mib "$@") / 2))
    # One loop for four processors, at least two, and 16 MiB for each is the proxy's least.
    local least=$(((($(nproc) + 3) / 4 + 1) * 16))
    [ "$buffers" -ge "$least" ] || buffers=$least
    printf '%s\n' $((buffers * 5 / 4 + 128))
}

# What each control group above this process allows, a line each: in a container the first is its own.
cgroup_memory_limits() { # CGROUPS
    local groups=$1 path
    cat "$groups/memory.max" "$groups/memory/memory.limit_in_bytes" 2>/dev/null || true
    path=$(sed -n 's/^0:://p; s/^[0-9]*:memory://p' /proc/self/cgroup 2>/dev/null | tail -1)
    while [ -n "$path" ] && [ "$path" != / ]; do
        cat "$groups$path/memory.max" "$groups/memory$path/memory.limit_in_bytes" 2>/dev/null || true
        path=${path%/*}
    done
}

# Leaves the program's own flags, without cache and options of the user's, in PROGRAM_FLAGS.
program_command() { # proxy|agent
    local module main mine own=()
    module=$(module_of "$1")
    case "$1" in
        proxy)
            main=io.culvert.proxy.Main
            own=("${both_compilers[@]}" -XX:+UseCompactObjectHeaders -Xms8m "-Xmx$(proxy_heap_mib)m")
            own+=("-XX:MaxDirectMemorySize=$(proxy_direct_mib)m")
            # A resumed TLS session would skip the check of the peer's certificate.
            own+=(-Djdk.tls.server.enableSessionTicketExtension=false)
            own+=(-Djdk.tls.client.enableSessionTicketExtension=false)
            read -r -a mine <<<"${CULVERT_PROXY_JAVA_OPTS:-}"
            ;;
        agent)
            main=io.culvert.agent.Main
            own=("${first_compiler_only[@]}" -Xms8m -Xmx128m -XX:MaxDirectMemorySize=64m)
            read -r -a mine <<<"${CULVERT_AGENT_JAVA_OPTS:-}"
            ;;
    esac
    PROGRAM_FLAGS=("${common_flags[@]}" "$(netty_workdir)" "${own[@]}")
    cache_flags "$1"
    COMMAND=("$JAVA_HOME/bin/java" "${PROGRAM_FLAGS[@]}" "${CACHE[@]}" "${mine[@]}"
        -cp "$(class_path "$module")" "$main")
}

# The testkit's programs are told how to start proxy, agent and plugin: one argument a line.
harness_command() { # MODULE MAIN [JVM FLAGS...]
    # What is started for a while, such as the demo, is not to be about caches.
    local properties=() no_cache_is_fine=yes
    if [ -f "$root/proxy/target/classpath" ] && [ -f "$root/cni-agent/target/classpath" ]; then
        program_command proxy
        properties+=("-Dculvert.proxy.command=$(printf '%s\n' "${COMMAND[@]}")")
        program_command agent
        properties+=("-Dculvert.agent.command=$(printf '%s\n' "${COMMAND[@]}")")
    fi
    [ ! -x "$root/cni-agent/target/culvert-cni" ] \
        || properties+=("-Dculvert.cni.plugin=$root/cni-agent/target/culvert-cni")
    COMMAND=("$JAVA_HOME/bin/java" "${common_flags[@]}" "${first_compiler_only[@]}" "$(netty_workdir)" -Xms32m -Xmx512m
        "${@:3}" "${properties[@]}" -cp "$(class_path "$1")" "$2")
}
