# Which JDK, which Maven, which modules. Sourced by ../culvert and ../dev; sets and exports JAVA_HOME.

jdk_wanted=25

# Prints the version of the JDK in a directory, from its release file: no JVM is started to ask.
jdk_version() { # DIRECTORY
    [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 1
    sed -n 's/^JAVA_VERSION="\(.*\)"/\1/p' "$1/release"
}

is_wanted_jdk() { # DIRECTORY
    local version
    version=$(jdk_version "$1") || return 1
    [ "${version%%.*}" = "$jdk_wanted" ]
}

# Prints where packages and tool managers put JDKs, one a line.
usual_jdks() {
    printf '%s\n' /usr/lib/jvm/*25* /usr/lib/jvm/* /usr/java/* /usr/local/*jdk* /opt/*jdk* /opt/java/* \
        "${HOME:-}"/.sdkman/candidates/java/* "${HOME:-}"/.jdks/* "${HOME:-}"/.local/share/mise/installs/java/* \
        "${HOME:-}"/.asdf/installs/java/*
}

# Prints the first JDK 25: JAVA_HOME, then the one on PATH, then the usual places.
find_jdk() {
    local candidate on_path
    on_path=$(readlink -f "$(command -v javac 2>/dev/null)" 2>/dev/null || true)
    while IFS= read -r candidate; do
        if [ -n "$candidate" ] && is_wanted_jdk "$candidate"; then
            printf '%s\n' "$candidate"
            return 0
        fi
    done < <(printf '%s\n' "${JAVA_HOME:-}" "${on_path%/bin/javac}"; usual_jdks)
    return 1
}

require_jdk() {
    local found
    found=$(find_jdk) || die "no JDK $jdk_wanted found: install one" \
        "(Debian: temurin-25-jdk or openjdk-25-jdk-headless) or set JAVA_HOME to it;" \
        "another java on PATH may stay as it is."
    export JAVA_HOME=$found
}

require_maven() {
    command -v mvn >/dev/null \
        || die "no Maven found: install it (Debian: apt-get install maven); 3.8.7 or a later 3.x serves."
}

# Every module of the reactor, as its pom lists them.
all_modules() {
    sed -n 's:.*<module>\(.*\)</module>.*:\1:p' "$root/pom.xml"
}
