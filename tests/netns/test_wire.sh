#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Bad wires: everything doubled, half of it overtaken, 300 ms of delay, 20 and
# 40 % loss: the exchange completes and the line works; at 30 % loss both
# ways 99 of 100 exchanges are done within 20 s (T36, T37).
# Budget: 120 s, long 600 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

seeds=1 crowd=100
[ "${HIP_LONG:-0}" = 0 ] || { seeds=10; crowd=400; }

up() {
	[ "$(hip_state alice bob)" = established ] &&
		[ "$(hip_state bob alice)" = established ]
}
exchanges() { hip_json alice .exchanges_completed counters; }

# wire NAME MS PINGS SETTING...: up within so long, and so many of 20 pings pass.
wire() {
	local name=$1 ms=$2 pings=$3 start got out; shift 3
	NL_SEED_WIRE=$seed nl_impair alice eth0 "$@"
	rm -rf "$HIP_DIR"/{alice,bob}/state
	hip_up alice bob
	start=$(now_ms)
	out=$(hip_ping alice bob -c 20 -i 0.1 -W 3)
	got=$(sed -n 's/.*, \([0-9]*\) received.*/\1/p' <<<"$out")
	check "$name: established" until_true 20 up
	between "  ms" 0 "$ms" $(($(now_ms) - start))
	# An exchange that has lost much is done when these are long over.
	if [[ $* == *loss=* ]]; then
		out+=$(hip_ping alice bob -c 20 -i 0.1 -W 3)
		got=$(sed -n 's/.*, \([0-9]*\) received.*/\1/p' <<<"$out" | tail -n 1)
	fi
	between "  of 20 pings" "$pings" 20 "${got:-0}"
	[[ $out != *duplicates* ]] || fail "  some came twice"
	# Where much is lost, probes are, too, and then it is done again.
	[[ $* == *loss=* ]] || equal "  exchanges" 1 "$(exchanges)"
	equal "  frames that the wire itself missed" "0 0" \
		"$(nl_wirestats alice eth0 | sed 's/.*missed=\([0-9]*\).*/\1/' | xargs)"
	nl_impair alice eth0
	hip_stop alice bob >/dev/null
}

hip_init
hip_host alice; hip_host bob
nl_host crowd
hip_crowd crowd 10.64.0.0/16
hip_meet alice bob
for seed in $(seq $seeds); do
	wire "all doubled" 8000 20 dup=100
	wire "half of it overtaken" 8000 20 reorder=50 rgap=30
	wire "300 ms and back" 12000 19 delay=300 jitter=20
	wire "20 % loss" 24000 5 loss=20
	wire "40 % loss" 24000 1 loss=40
	wire "40 % loss, doubled, overtaken" 24000 1 loss=40 dup=30 reorder=30
done

# --- T37: as many at once as there are
hip_set bob 'accept = any'
hip_up bob
NL_SEED_WIRE=1 nl_impair crowd eth0 loss=30
nl_in crowd "$NL_BIN/honest" 10.64.0.1 "${NL_IP[bob.eth0]}" "${HIP_HIT[bob]}" \
	exchanges $crowd 100 >"$HIP_DIR/crowd" 2>&1
sed 's/^/     /' "$HIP_DIR/crowd"
between "30 % loss both ways: of $crowd exchanges" $((crowd * 99 / 100)) $crowd \
	"$(sed -n 's/^completed: \([0-9]*\) of.*/\1/p' "$HIP_DIR/crowd")"
between "  ms, the slowest" 0 20000 \
	"$(sed -n 's/^time: .*worst \([0-9]*\) ms/\1/p' "$HIP_DIR/crowd")"
hip_end
