#!/usr/bin/env bash
# Maven runs this in each build of the proxy (proxy/pom.xml): version and revision go into a file among its classes. The
# file is written only if it changes, so that a build that changes nothing leaves the jar alone, and what is younger.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
# shellcheck source=launcher/revision.sh
. "$root/launcher/revision.sh"

file=$1 version=$2
text=$(printf 'version=%s\nrevision=%s' "$version" "$(tree_revision)")
[ -f "$file" ] && [ "$(cat "$file")" = "$text" ] && exit 0
mkdir -p "$(dirname "$file")"
printf '%s\n' "$text" >"$file"
