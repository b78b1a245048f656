# `./culvert version`. Sourced by ../culvert.

pom_property() { # NAME
    sed -n "s:.*<$1>\(.*\)</$1>.*:\1:p" "$root/pom.xml" | head -1
}

git_revision() {
    local revision
    revision=$(git -C "$root" rev-parse --short=12 HEAD 2>/dev/null) || { echo "not a git checkout"; return; }
    [ -z "$(git -C "$root" status --porcelain --untracked-files=no 2>/dev/null)" ] || revision+=" with changes"
    echo "$revision"
}

# What the native library was built from stands in its jar's manifest.
boringssl_revision() {
    local jar scratch
    [ -f "$root/proxy/target/classpath" ] || { echo "not built yet"; return; }
    jar=$(tr ':' '\n' <"$root/proxy/target/classpath" | grep 'tcnative-boringssl-static.*x86_64' | head -1)
    scratch=$(mktemp -d)
    (cd "$scratch" && "$JAVA_HOME/bin/jar" --extract --file "$jar" META-INF/MANIFEST.MF)
    sed -n 's/\r//; s/^BoringSSL-Revision: //p' "$scratch/META-INF/MANIFEST.MF"
    rm -rf "$scratch"
}

print_version() {
    require_jdk
    printf 'culvert    %s\n' "$(culvert_version)"
    printf 'revision   %s\n' "$(git_revision)"
    printf 'jdk        %s (%s)\n' "$(jdk_version "$JAVA_HOME")" "$JAVA_HOME"
    printf 'netty      %s\n' "$(pom_property netty.version)"
    printf 'boringssl  %s\n' "$(boringssl_revision)"
}
