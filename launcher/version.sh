# `./culvert version`. Sourced by ../culvert.
# shellcheck source=launcher/revision.sh
. "$root/launcher/revision.sh"

pom_property() { # NAME
    sed -n "s:.*<$1>\(.*\)</$1>.*:\1:p" "$root/pom.xml" | head -1
}

# Which revision the proxy that is built here says it is of; it says so of itself in its log and in config_dump.
built_revision() {
    local file="$root/proxy/target/classes/io/culvert/proxy/admin/build.properties"
    [ -r "$file" ] || { echo "not built yet"; return; }
    sed -n 's/^revision=//p' "$file"
}

# What the native library was built from stands in its jar's manifest.
boringssl_revision() {
    local jar scratch
    [ -f "$root/proxy/target/classpath" ] || { echo "not built yet"; return; }
    jar=$(tr ':' '\n' <"$root/proxy/target/classpath" | sed -n '/tcnative-boringssl-static.*x86_64/{p;q}')
    [ -n "$jar" ] || { echo "not on the class path"; return; }
    [ -r "$jar" ] || { echo "$jar cannot be read"; return; }
    scratch=$(mktemp -d)
    (cd "$scratch" && "$JAVA_HOME/bin/jar" --extract --file "$jar" META-INF/MANIFEST.MF)
    sed -n 's/\r//; s/^BoringSSL-Revision: //p' "$scratch/META-INF/MANIFEST.MF"
    rm -rf "$scratch"
}

print_version() {
    require_jdk
    printf 'culvert    %s\n' "$(culvert_version)"
    printf 'revision   %s\n' "$(tree_revision)"
    printf 'built      %s\n' "$(built_revision)"
    printf 'jdk        %s (%s)\n' "$(jdk_version "$JAVA_HOME")" "$JAVA_HOME"
    printf 'netty      %s\n' "$(pom_property netty.version)"
    printf 'boringssl  %s\n' "$(boringssl_revision)"
}
