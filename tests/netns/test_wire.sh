#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Bad wires: everything doubled, half of it overtaken, 300 ms of delay, 20 and
# 40 % loss: the exchange completes and the line works; at 30 % loss both
# ways 99 of 100 exchanges are done within 20 s (T36, T37). Of 10,000 packets a
# second, a tenth doubled and a tenth 20 ms late, each arrives once (T24).
# Budget: 120 s, long 600 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

seeds=1 crowd=100 rate=10000 flow_s=2
[ "${HIP_LONG:-0}" = 0 ] || { seeds=10; crowd=400; rate=20000 flow_s=20; }

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

# wire_ab STAT: so far, from alice.
wire_ab() { nl_wirestats alice eth0 | sed -n "s/^ab .*\b$1=\([0-9]*\).*/\1/p"; }
dropped() { hip_json bob ".data_drop_$1" counters; }
number() { sed -n "s/.*$1 \([0-9]*\).*/\1/p" "$HIP_DIR/heard"; }
listens() { [ -n "$(nl_in bob ss -Hlun 'sport = :7002')" ]; }
# not_ours: packets that went missing on the wire and in queues of the kernel.
not_ours() {
	{
		wire_ab missed; wire_ab tail; wire_ab sendfail
		nl_in alice cat /sys/class/net/hip0/statistics/tx_dropped
		nl_in bob nstat -asz | awk '$1 ~ /^Udp6?RcvbufErrors$/ { print $2 }'
	} | awk '{ n += $1 } END { print n + 0 }'
}
passed() { hip_json "$1" ".associations[0].packets_$2" peers; }
# arrived BEFORE: all but what is known to be missing is with who reads it.
arrived() {
	[ $(($(passed alice out) - $(passed bob in))) -le $(($(not_ours) - $1)) ] &&
		[ "$(nl_in bob ss -Hlun 'sport = :7002' | awk '{ print $2 }')" = 0 ]
}
# flow RATE SECONDS SETTING...: of numbered packets.
flow() {
	local rate=$1 seconds=$2 n=$(($1 * $2)) missing doubled held receiver; shift 2
	nl_impair alice eth0 "$@"
	hip_up alice bob
	check "$n packets, $*" until_true 5 hip_pings_all alice bob 1
	nl_bg bob "$HIP_DIR/heard" "$NL_BIN/paced" receive 7002; receiver=$NL_PID
	until_true 5 listens
	doubled=$(wire_ab dup) held=$(wire_ab reordered) missing=$(not_ours)
	nl_in alice "$NL_BIN/paced" send "${HIP_HIT[bob]}" 7002 "$rate" "$seconds" 160
	until_true 10 arrived "$missing" # or it is lost
	kill "$receiver"; wait "$receiver"
	cat "$HIP_DIR/heard"
	doubled=$(($(wire_ab dup) - doubled)) held=$(($(wire_ab reordered) - held))
	missing=$(($(not_ours) - missing))
	between "  doubled by the wire" $((n / 12)) $((n / 8)) $doubled
	between "  held back by it" $((n / 12)) $((n / 8)) $held
	between "  which passed the others" $((held / 2)) $n "$(number overtaken)"
	equal "  delivered twice" 0 "$(number doubled)"
	between "  lost, when $missing were not lost by us" 0 $missing \
		$((n - $(number received)))
	between "  of $n" 0 $((n / 10)) $missing
	between "  refused as replayed" $((doubled - missing)) $((doubled + 20)) \
		"$(dropped esp_replayed)"
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

# --- T24: at a rate, with a tenth of all doubled, and a tenth 20 ms late
flow $rate $flow_s dup=10 reorder=10 rgap=20

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
