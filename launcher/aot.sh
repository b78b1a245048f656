# AOT caches (JEP 514): classes loaded, linked and partly initialised ahead of time, by a training run with real
# traffic. Sourced by ../culvert. A cache fits one JDK, one class path with its jars' times, and some flags; the JVM
# judges that at each start, and a program whose cache was not taken says so in one line and runs without
# (docs/decisions/0008).

# Whether there is a cache that the JVM takes for this very command.
cache_fits() { # PROGRAM
    local cache last
    cache=$(cache_of "$1")
    cache_is_young "$1" || return 1
    program_command "$1"
    last=$((${#COMMAND[@]} - 1))
    "${COMMAND[0]}" "${COMMAND[@]:1:last-1}" -XX:AOTMode=on "-XX:AOTCache=$cache" -version >/dev/null 2>&1
}

train() {
    require_jdk
    build_programs testkit proxy cni-agent
    build_plugin
    train_built
}

# Runs a mesh that records, then makes the caches of both programs of the records. Fails with one line where no mesh
# can be made, and leaves what was there.
train_built() {
    local work log="$root/target/training.log" started=$SECONDS
    mkdir -p "$root/target"
    work=$(mktemp -d "$root/target/training.XXXXXX")
    say "training: a mesh of two nodes carries traffic, then caches are written; the log goes to target/training.log"
    train_in "$work" "$log" || { rm -rf "$work"; return 1; }
    rm -rf "$work"
    say "trained in $((SECONDS - started)) s: $(megabytes proxy) MB for the proxy, $(megabytes agent) MB for the agent"
}

train_in() { # WORK LOG
    local work=$1 log=$2 program no_cache_is_fine=yes
    # Instead of options of the user's, which the cache is not to depend on. With the second compiler the record would
    # hold profiles, of which it compiles everything at once at the next start: half a second of CPU time, and no gain
    # that was seen.
    local CULVERT_PROXY_JAVA_OPTS=-XX:TieredStopAtLevel=1 CULVERT_AGENT_JAVA_OPTS=
    harness_command testkit io.culvert.testkit.training.TrainingMain
    # In a process of its own: entering namespaces replaces it.
    if ! (enter_namespaces "${COMMAND[@]}" "$work") >"$log" 2>&1; then
        tail -1 "$log" >&2
        say "no cache was made; programs start without, which takes longer"
        return 1
    fi
    for program in proxy agent; do
        write_cache "$program" "$work/$program.aotconf" >>"$log" 2>&1 || {
            tail -1 "$log" >&2
            say "no cache of the $program was made; it starts without, which takes longer"
            return 1
        }
    done
}

megabytes() { # PROGRAM; the size of its cache
    echo $(($(stat -c %s "$(cache_of "$1")") / 1000000))
}

# Of a record a cache: by a JVM that runs none of the program. It appears whole or not at all.
write_cache() { # PROGRAM RECORD
    local cache last
    cache=$(cache_of "$1")
    program_command "$1"
    last=$((${#COMMAND[@]} - 1))
    # Without options of the user's: a cache that depends on them would fit nobody else. The heap holds all classes'
    # data at once here, more than the program ever needs.
    "${COMMAND[0]}" "${PROGRAM_FLAGS[@]}" -Xmx512m -XX:AOTMode=create "-XX:AOTConfiguration=$2" \
        "-XX:AOTCache=$cache.new" "${COMMAND[@]:last-2:2}" </dev/null || return 1
    class_path "$(module_of "$1")" >"$cache.classpath"
    mv "$cache.new" "$cache"
}
