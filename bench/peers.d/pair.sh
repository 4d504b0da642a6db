# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# shellcheck disable=SC1007,SC2034,SC2154 # variables of peers.sh
# pair[:ARG...] - the data plane alone: the tests' worker_pair of the build
# tree in $BUILD, static SAs, no HIP. ARGs go to it: pair:-o31 without offloads
up() {
	local p=${BUILD:-.}/tests/netns/worker_pair ha=2001:22:aaaa::1 hb=2001:22:bbbb::2
	[ -x "$p" ] || { echo "no $p: BUILD=..., make $p" >&2; return 1; }
	spawn b "$p" -e -m "$MTU" "$@" $hb $ha $A4
	wait_for grep -q ready "$WORK/b.log"
	mark
	spawn a "$p" -e -m "$MTU" "$@" $ha $hb $B4
	wait_for grep -q ready "$WORK/a.log"
	TARGET=$hb
}
