# Builds what is out of date, and nothing else. Sourced by ../culvert.
#
# A program is a module with a class path of its own (target/classpath, written in the package phase). It is up to date
# when its stamp is newer than every source of every module it stands on. All that is missing is packaged in ONE reactor
# run, so that modules find each other there and nothing of Culvert's needs to be in the local repository.

# Modules that a program's jars come from, itself last.
modules_under() { # MODULE
    case "$1" in
        proxy) echo "proto linux xds-client proxy" ;;
        cni-agent) echo "proto linux cni-agent" ;;
        testkit) echo "proto linux testkit" ;;
        perf) echo "proto linux xds-client proxy testkit perf" ;;
        *) die "no program is built from module '$1'" ;;
    esac
}

# All modules that take part in a build of these.
modules_of() { # MODULE...
    local module
    for module in "$@"; do modules_under "$module"; done | tr ' ' '\n' | sort -u
}

module_of() { # PROGRAM
    case "$1" in
        agent) echo cni-agent ;;
        *) echo "$1" ;;
    esac
}

culvert_version() {
    sed -n '0,/<version>/s:.*<version>\(.*\)</version>.*:\1:p' "$root/pom.xml"
}

is_up_to_date() { # MODULE
    local stamp="$root/$1/target/built" module newer
    [ -f "$stamp" ] && [ -f "$root/$1/target/classpath" ] || return 1
    local inputs=("$root/pom.xml")
    for module in $(modules_under "$1"); do
        [ -f "$root/$module/target/culvert-$module-$(culvert_version).jar" ] || return 1
        inputs+=("$root/$module/pom.xml")
        [ ! -d "$root/$module/src/main" ] || inputs+=("$root/$module/src/main")
    done
    newer=$(find "${inputs[@]}" -newer "$stamp" -print -quit)
    # Another user's build may name jars that this one cannot read; a build of one's own names one's own.
    [ -z "$newer" ] && [ -z "$(unreadable_jar "$1")" ]
}

# Says why a build that is there cannot be used; nothing where it can, or where there is none.
unusable_of() { # MODULE...
    local module jar
    for module in "$@"; do
        [ -f "$root/$module/target/classpath" ] || continue
        jar=$(unreadable_jar "$module")
        [ -z "$jar" ] || { echo "this tree's build names $jar, which user $(me) may not read, and another"; return; }
    done
}

all_up_to_date() { # MODULE...
    local module
    for module in "$@"; do is_up_to_date "$module" || return 1; done
}

build_programs() { # MODULE...
    local module stale=()
    # Whoever may only read the tree can still run what is built.
    ! all_up_to_date "$@" || return 0
    # shellcheck disable=SC2046
    require_writable_tree "$(unusable_of "$@")" $(modules_of "$@")
    # Two launchers at once must not write the same target directories.
    mkdir -p "$root/target"
    exec 8>"$root/target/build.lock"
    flock 8
    for module in "$@"; do
        is_up_to_date "$module" || stale+=("$module")
    done
    if [ ${#stale[@]} -gt 0 ]; then
        package_modules "${stale[@]}"
    fi
    exec 8>&-
}

package_modules() { # MODULE...
    local list module started="$root/target/build.started" log="$root/target/build.log" cause
    require_maven
    require_repository
    list=$(IFS=,; echo "$*")
    say "building ${list//,/, } (mvn package with $JAVA_HOME; a first build downloads libraries)"
    touch "$started"
    # Formatting and the enforcer's rules are for those who change the code; ./culvert test and ./dev check them.
    (cd "$root" && mvn -B -q -Dstyle.color=never package -pl "$list" -am -Dmaven.test.skip=true \
        -Dspotless.check.skip=true -Denforcer.skip=true </dev/null >"$log" 2>&1) || {
        cause=$(outside_cause "$log")
        [ -z "$cause" ] || die "$cause"
        grep -v '^\[INFO\]' "$log" | head -40 >&2
        die "the build failed; the whole log is in target/build.log"
    }
    for module in "$@"; do
        cp -p "$started" "$root/$module/target/built"
    done
}

# The CNI plugin is C. Where no compiler is at hand the testkit plays its part over the same socket, and says so.
build_plugin() {
    local script="$root/cni-agent/build-plugin" plugin="$root/cni-agent/target/culvert-cni"
    [ -x "$script" ] && command -v cc >/dev/null || return 0
    if [ ! -x "$plugin" ] || [ -n "$(find "$script" "$root/cni-agent/src/main/c" -newer "$plugin" -print -quit)" ]; then
        { [ -z "$(unwritable cni-agent)" ] && "$script" </dev/null >&2; } \
            || say "the CNI plugin did not build; the testkit plays its part"
    fi
}

# Prints a program's class path. Entries of ours always name this tree's jars, wherever Maven had found them.
class_path() { # MODULE
    local version entry name out
    version=$(culvert_version)
    out="$root/$1/target/culvert-$1-$version.jar"
    while IFS= read -r -d: entry; do
        case "$entry" in
            */culvert-*-"$version".jar)
                name=${entry##*/culvert-}
                name=${name%-"$version".jar}
                entry="$root/$name/target/culvert-$name-$version.jar"
                ;;
        esac
        out+=":$entry"
    done < <(cat "$root/$1/target/classpath"; printf ':')
    printf '%s\n' "$out"
}
