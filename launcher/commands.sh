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

# A cache that is older than a jar cannot fit. The JVM would find out too, but then does without the JDK's own as well.
cache_is_young() { # PROGRAM
    local cache jar
    cache=$(cache_of "$1")
    [ -f "$cache" ] || return 1
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
        printf 'culvert: the AOT cache of the %s is older than its jars and is not used: ./culvert train\n' "$1" >&2
    fi
}

# Leaves the program's own flags, without cache and options of the user's, in PROGRAM_FLAGS.
program_command() { # proxy|agent
    local module main mine own=()
    module=$(module_of "$1")
    case "$1" in
        proxy)
            main=io.culvert.proxy.Main
            own=("${both_compilers[@]}" -XX:+UseCompactObjectHeaders -Xms8m -Xmx96m -XX:MaxDirectMemorySize=256m)
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
    local properties=()
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
