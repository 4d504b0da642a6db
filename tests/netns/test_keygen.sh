#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# T39: killed before any system call, keygen leaves a whole key file or none.
# Budget: 120 s, long 120 s
#
# Whatever is there then has no right for others; the next keygen removes
# what was left over and writes a key, or finds the whole one and keeps it.
# Of many at once, one writes. Needs neither namespaces nor root.
set -u

build=${HIP_BUILD:-$PWD}
hipline=$build/hipline
[ -x "$hipline" ] || { echo "keygen: no $hipline"; exit 2; }
command -v strace >/dev/null || { echo "keygen: no strace"; exit 77; }
# Its leak check does not work under strace.
export ASAN_OPTIONS=detect_leaks=0

top=$(mktemp -d /tmp/hipline-keygen.XXXXXX) || exit 1
trap 'rm -rf "$top"' EXIT
dir=$top/dir key=$top/dir/key.pem
failed=0
fail() {
	echo "keygen: $*"
	ls -la "$dir"
	failed=1
}

# Every key of this kind has the same length.
mkdir "$dir"
"$hipline" keygen "$key" >"$top/hit" || { echo "keygen: failed"; exit 1; }
size=$(stat -c %s "$key")
[[ $(cat "$top/hit") == 2001:22:* ]] || fail "no HIT: $(cat "$top/hit")"
[ "$(head -c 5 "$key")" = ----- ] || fail "no PEM"
rm "$key"

# Which calls there are, and how often each.
if ! strace -qq -o "$top/trace" "$hipline" keygen "$key" >/dev/null; then
	echo "keygen: strace does not work here"
	exit 77
fi
grep -q 'O_CREAT.*0600)' "$top/trace" || fail "not made with mode 0600"
[ "$(grep -c '^fsync(.*= 0' "$top/trace")" -ge 2 ] ||
	fail "file and directory not synced"

whole() { [ "$(stat -c %s "$1")" = "$size" ] &&
	[ "$(tail -n 1 "$1")" = '-----END PRIVATE KEY-----' ]; }

# What one kill left, and the next keygen.
look() {
	local f before=none

	for f in "$dir"/* "$dir"/.[!.]*; do
		[ -e "$f" ] || continue
		case ${f##*/} in
		key.pem | .key.pem.new) ;;
		*) fail "$1: there is ${f##*/}" ;;
		esac
		case $(stat -c %a "$f") in
		600 | 400 | 200 | 0) ;;
		*) fail "$1: mode of ${f##*/}" ;;
		esac
	done
	if [ -e "$key" ]; then
		whole "$key" || fail "$1: half a key"
		before=$(sha256sum <"$key")
	fi
	"$hipline" keygen "$key" >/dev/null 2>&1
	case $?-$before in
	0-none) whole "$key" || fail "$1: next key not whole" ;;
	1-none | 0-*) fail "$1: next keygen" ;;
	*) [ "$before" = "$(sha256sum <"$key")" ] || fail "$1: overwritten" ;;
	esac
	[ "$(ls -A "$dir")" = key.pem ] || fail "$1: not cleaned"
}

kills=0
while read -r count call; do
	for ((n = 1; n <= count && !failed; n++)); do
		rm -f "$dir"/* "$dir"/.[!.]*
		{
			strace -qq -o /dev/null -e "trace=$call" \
				-e "inject=$call:signal=SIGKILL:when=$n" \
				"$hipline" keygen "$key"
			rc=$?
		} >/dev/null 2>&1 # with the shell's word about the kill
		[ $rc -eq 137 ] && kills=$((kills + 1))
		look "killed before $call number $n"
	done
done < <(sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' "$top/trace" |
	grep -vx 'exit_group\|execve' | sort | uniq -c)
[ "$kills" -ge 30 ] || fail "only $kills kills worked"

rm -f "$dir"/* "$dir"/.[!.]*
pids=() written=0
for ((n = 0; n < 20; n++)); do
	"$hipline" keygen "$key" >"$top/hit.$n" 2>/dev/null &
	pids+=($!)
done
for pid in "${pids[@]}"; do
	wait "$pid" && written=$((written + 1))
done
[ "$written" -eq 1 ] || fail "$written of 20 wrote the same file"
[ "$(cat "$top"/hit.* | wc -l)" -eq 1 ] || fail "more than one HIT"
if [ "$(ls -A "$dir")" != key.pem ] || ! whole "$key"; then
	fail "20 at once"
fi

echo "keygen: $kills kills, 20 at once"
exit $failed
