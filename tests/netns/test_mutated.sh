#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Captured packets of a session, each damaged in another way, 20,000 a second
# in the peer's name and in a stranger's: traffic goes on, the association
# stays as it is, memory does not grow (T2).
# Budget: 60 s, long 240 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

n=20000 rate=20000
[ "${HIP_LONG:-0}" = 0 ] || n=500000

rss_kib() { awk '$1 == "VmRSS:" { print $2 }' "/proc/$(hip_engine alice)/status"; }
state() {
	hip_json "$1" '.associations | map([.hit, .state, .path.remote,
		.spi_in, .spi_out, .rekeys]) | tojson' peers
}
both() { [ "$(hip_state alice bob)$(hip_state bob alice)" = establishedestablished ]; }
session() {
	hip_pings_all alice bob 20 >/dev/null && until_true 5 both &&
		hip_rekey alice bob && hip_rekey bob alice &&
		hip_pings_all bob alice 20 >/dev/null
}
# damaged WHAT [FROM]
damaged() {
	local what=$1 rss; shift
	rss=$(rss_kib)
	nl_in mallory "$NL_BIN/replay" -m $n -r $rate "$HIP_DIR/session" \
		"${NL_IP[alice.eth0]}" "$@" >"$HIP_DIR/said" || fail "replay: status $?"
	sed 's/^/     /' "$HIP_DIR/said"
	equal "$what: nothing changed" "$before" "$(state alice; state bob)"
	hip_sanitized || between "  KiB more in memory" -4096 2048 $(($(rss_kib) - rss))
}

hip_init
hip_host alice; hip_host bob; nl_host mallory
hip_set alice 'log = "warning"'
hip_meet alice bob
hip_up alice bob
hip_capture_wire session alice
check "a session" session
hip_captured session
before=$(state alice; state bob)
nl_bg bob "$HIP_DIR/line" ping -q -i 0.05 "${HIP_HIT[alice]}"
line=$NL_PID
# What the rings and buffers touch at their first use is no growth.
nl_in mallory "$NL_BIN/replay" -m 5000 -r $rate "$HIP_DIR/session" \
	"${NL_IP[alice.eth0]}" >/dev/null || fail "replay: status $?"
damaged "in bob's name"
damaged "from elsewhere" "${NL_IP[mallory.eth0]}"
kill -INT $line
wait $line
between "of the pings meanwhile lost, %" 0 1 \
	"$(sed -n 's/.* \([0-9.]*\)% packet loss.*/\1/p' "$HIP_DIR/line")"
check "and all is well" hip_pings_all alice bob 20
hip_end
