# What a build stands on: a tree that this user may read and write, and a place for what Maven downloads. Whatever of it
# is missing is said in one sentence with its remedy, where Maven and the JVM would print pages. Sourced by ../culvert
# and ../dev, which provide root and die.

me() { id -un 2>/dev/null || id -u; }

# Prints the first of a build's results that this user cannot replace; nothing where all can be.
unwritable() { # MODULE...
    local directory present=()
    for directory in "$root" "${@/#/$root/}"; do
        if [ -e "$directory/target" ]; then
            present+=("$directory/target")
        elif [ ! -w "$directory" ]; then
            printf '%s\n' "$directory"
            return
        fi
    done
    [ ${#present[@]} -eq 0 ] || find "${present[@]}" \( -type d -o -type f ! -user "$(id -u)" \) ! -writable \
        -print -quit 2>/dev/null
}

# Somebody else's tree, or somebody else's build in this one.
require_writable_tree() { # WHY MODULE...; WHY begins the sentence, or is empty
    local found owner why=$1
    shift
    found=$(unwritable "$@")
    [ -n "$found" ] || return 0
    owner=$(stat -c %U "$found" 2>/dev/null || echo "somebody else")
    die "${why:-a build} cannot be made: $found belongs to $owner and user $(me) may not write it;" \
        "run this as $owner, give the tree away (chown -R $(me) $root), or use a clone of your own."
}

# Prints the first of a program's jars that cannot be read; nothing where all can be.
unreadable_jar() { # MODULE
    local jar
    while IFS= read -r -d: jar; do
        [ -r "$jar" ] || { printf '%s\n' "$jar"; return; }
    done < <(class_path "$1" | tr '\n' ':')
}

# A JVM takes its home from the user database. Where that one is of no use, as for a user that has no entry or none of
# its own, the HOME that everybody else looks at has to do for Maven, too.
lend_home() {
    local entry
    entry=$(getent passwd "$(id -u)" 2>/dev/null | cut -d: -f6) || true
    if [ -n "${HOME:-}" ] && [ "$HOME" != "$entry" ] && [ -w "$HOME" ] \
        && [ ! -w "${entry:-/nonexistent}" ] && [ ! -w "$entry/.m2" ]; then
        export MAVEN_OPTS="${MAVEN_OPTS:-} -Duser.home=$HOME"
        maven_home=$HOME
    else
        maven_home=${entry:-${HOME:-/}}
    fi
}

# Prints where Maven keeps what it downloads.
maven_repository() { # MAVEN ARGUMENTS...
    local word said=''
    for word in ${MAVEN_OPTS:-} ${MAVEN_ARGS:-} "$@"; do
        case "$word" in -Dmaven.repo.local=*) said=${word#*=} ;; esac
    done
    if [ -z "$said" ] && [ -r "$maven_home/.m2/settings.xml" ]; then
        said=$(sed -n 's:.*<localRepository>\(.*\)</localRepository>.*:\1:p' "$maven_home/.m2/settings.xml" | head -1)
    fi
    printf '%s\n' "${said:-$maven_home/.m2/repository}"
}

# Prints what is wrong with that place and what to do; nothing where it can be written.
repository_obstacle() { # MAVEN ARGUMENTS...
    local repository place
    repository=$(maven_repository "$@")
    place=$repository
    while [ ! -e "$place" ] && [ "$place" != / ] && [ "$place" != . ]; do place=$(dirname "$place"); done
    [ ! -d "$place" ] || [ ! -w "$place" ] || return 0
    echo "Maven keeps what it downloads in $repository, and user $(me) may not write $place;" \
        "make it writable, or name another directory: MAVEN_OPTS=-Dmaven.repo.local=DIRECTORY."
}

# Before a build: a repository that is neither there nor can be made is the certain end of it. One that is there may
# hold all that is needed, though nothing can be added to it.
require_repository() { # MAVEN ARGUMENTS...
    local obstacle
    lend_home
    [ ! -d "$(maven_repository "$@")" ] || return 0
    obstacle=$(repository_obstacle "$@")
    [ -z "$obstacle" ] || die "$obstacle"
}

# After a build that failed: prints a cause outside the sources, where there is one.
outside_cause() { # LOG MAVEN ARGUMENTS...
    local log=$1 lost trouble='local repository|AccessDenied|Permission denied|Read-only file|Could not (write|create)'
    shift
    # An error in the sources is no reason to speak of a repository that has all it needs.
    ! grep -qE "$trouble" "$log" || repository_obstacle "$@"
    lost=$(grep -m1 -oE 'Could not transfer artifact [^ ]+|Cannot access [^ ]+ .* in offline mode' "$log" || true)
    [ -z "$lost" ] || echo "Maven did not get what it needs ($lost): it needs the network for a first build;" \
        "a proxy or a mirror is named in ~/.m2/settings.xml."
}
