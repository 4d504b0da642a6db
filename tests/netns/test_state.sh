#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# T39: the daemon is killed before each call that makes its key and its state
# files: a key is whole or absent, others have no right on it at any instant,
# and the daemon starts again with the identity that it had.
# Budget: 200 s, long 900 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

# Calls that put something on the disk; a kill before any other one leaves
# what these have left.
calls=(write pwrite64 fsync fdatasync rename renameat renameat2 link linkat
	unlink unlinkat chmod fchmod fchmodat chown fchown fchownat mkdir
	mkdirat ftruncate)
join() { local IFS=,; echo "$*"; }
dir='' # of the host

# traced STRACE-ARG...: the daemon under strace, until it is killed or answers.
traced() {
	nl_bg alice /dev/null strace -f -qq "$@" "$HIP_BUILD/hiplined" -c "$dir/hipline.conf"
	HIP_PID[alice]=$NL_PID
	until_true 15 hip_ready_now alice
}
# ended: strace is gone, and what it traced.
ended() {
	kill "${HIP_PID[alice]}" 2>/dev/null
	pkill -P "${HIP_PID[alice]}" 2>/dev/null
	until_true 10 hip_gone "${HIP_PID[alice]}" || kill -9 "${HIP_PID[alice]}"
	wait "${HIP_PID[alice]}" 2>/dev/null
	unset "HIP_PID[alice]"
	# shellcheck disable=SC2046
	kill -9 $(ip netns pids "$NL_TAG-alice") 2>/dev/null
	until_true 5 eval '[ -z "$(ip netns pids "$NL_TAG-alice")" ]'
}

# keys: files that hold a private key, or a part of one.
keys() { grep -rl 'PRIVATE KEY' "$dir" --exclude='hipline.conf' 2>/dev/null; }

# sound WHAT: what a kill left.
sound() {
	local f
	while read -r f; do
		[ -n "$f" ] || continue
		case $(stat -c %a "$f") in
		600 | 400) ;;
		*) fail "$1: mode of ${f#"$dir/"}: $(stat -c %a "$f")" ;;
		esac
	done < <(keys)
	f=$dir/identity.pem
	[ ! -e "$f" ] || [ "$(tail -n 1 "$f")" = '-----END PRIVATE KEY-----' ] ||
		fail "$1: half a key"
}

# A first start makes an identity; a later one finds it. SETUP prepares the
# state that the kill shall meet.
fresh() { rm -rf "$dir/state" "$dir/identity.pem" "$dir"/.*.new; }
again() { :; }

# kills SETUP WHAT: at each of the calls of such a start.
kills() {
	local setup=$1 what=$2 call count n before after killed=0
	$setup
	traced -o "$HIP_DIR/trace" -e "trace=$(join "${calls[@]}")"
	hip alice status >/dev/null || { fail "$what: does not start under strace"; return; }
	ended
	while read -r count call; do
		for ((n = 1; n <= count; n++)); do
			$setup
			before=$(cat "$dir/identity.pem" 2>/dev/null | sha256sum)
			traced -o /dev/null -e "trace=$call" \
				-e "inject=$call:signal=SIGKILL:when=$n"
			hip alice status >/dev/null 2>&1 || killed=$((killed + 1))
			ended
			sound "$what, $call $n"
			[ $setup = fresh ] || [ "$before" = "$(sha256sum <"$dir/identity.pem")" ] ||
				fail "$what, $call $n: another identity"
			before=$(cat "$dir/identity.pem" 2>/dev/null | sha256sum)
			hip_start alice
			hip_ready alice && hip alice id >/dev/null ||
				{ fail "$what, $call $n: does not start again"; return; }
			hip_kill alice
			after=$(sha256sum <"$dir/identity.pem")
			[ "$before" = "$(: | sha256sum)" ] || [ "$before" = "$after" ] ||
				fail "$what, $call $n: another identity after it"
		done
	done < <(sed -n 's/^[0-9]* *\([a-z_0-9]*\)(.*/\1/p' "$HIP_DIR/trace" | sort | uniq -c)
	between "$what: kills that struck" 3 1000 $killed
}

command -v strace >/dev/null || { echo "no strace"; exit 77; }
hip_init
hip_host alice
dir=$HIP_DIR/alice
# Nothing in its log counts: write is among the calls.
hip_set alice 'log = "error"'
hip_configure alice
kills fresh "first start"
kills again "later start"
equal "the key's mode" 600 "$(stat -c %a "$dir/identity.pem")"
hip_end
