# Which revision this tree is at. Sourced by version.sh and stamp.sh, which provide root.

# Prints it as the original names its own: forty digits, and -dirty where files differ from it; "unknown" in a tree that
# is no checkout, such as an exported one.
tree_revision() {
    # The tree's own repository, not one that it may lie within. Whose it is does not matter to a question.
    [ -e "$root/.git" ] && GIT_OPTIONAL_LOCKS=0 git -c safe.directory="$root" -C "$root" \
        describe --always --dirty --abbrev=40 --exclude='*' 2>/dev/null || echo unknown
}
