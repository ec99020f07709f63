#!/bin/sh
# What runs in a space to copy a directory out of it: the compressed archive goes to stdout, what is said of it to stderr.
# $1: the directory, seen from the home. The other arguments are options of tar.
set -u
directory=$1
shift
cd -- "$HOME" || exit 70
if ! cd -- "$directory" 2>/dev/null; then
    echo 'studioctl:absent' >&2
    exit 0
fi
work=$(mktemp -d) || exit 70
trap 'rm -rf -- "$work"' EXIT
mkfifo "$work/said" "$work/bytes"
# tar says the name of each entry, which begins with ./, and beside them what went wrong.
awk -v kept="$work/kept" '/^\.\// { if (!/\/$/) files++; next } { print > kept } END { print files + 0 }' \
    <"$work/said" >"$work/files" &
sha256sum <"$work/bytes" >"$work/sum" &
# A file that root made in the home belongs to the copy, too.
as_root=
sudo -n true 2>/dev/null && as_root='sudo -n'
{
    # shellcheck disable=SC2086 # none, or two words
    $as_root env LC_ALL=C tar --create --verbose --format=posix --numeric-owner --one-file-system --anchored "$@" . \
        2>"$work/said"
    echo $? >"$work/status"
} | {
    gzip -1
    echo $? >"$work/packed"
} | tee "$work/bytes"
wait
# Killed at its very end, it leaves an archive without its last part, of which the sum is right.
[ "$(cat "$work/packed")" = 0 ] || exit 70
[ ! -e "$work/kept" ] || head -n 50 "$work/kept" | sed 's/^/studioctl:said /' >&2
read -r sum _ <"$work/sum"
echo "studioctl:archive $(cat "$work/status") $sum $(cat "$work/files")" >&2
