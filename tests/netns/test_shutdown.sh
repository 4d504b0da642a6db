#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# A daemon that ends says so: CLOSE goes to the peers and is acknowledged, the
# TUN device and the control socket are gone, the unreachable route stays.
# Budget: 60 s, long 60 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

# hip_type FILE TYPE FROM: HIP packets of a type from a host, over UDP.
hip_type() {
	hip_count "$1" "src host ${NL_IP[$3.eth0]} and $HIP_OURS and udp[8:4] = 0 and udp[14] & 0x7f = $2"
}
not_established() { [ "$(hip_state bob alice)" != established ]; }

hip_init
hip_host alice; hip_host bob
hip_set alice 'esp_transport = off' # so that it is seen
hip_meet alice bob
for signal in TERM INT; do
	hip_capture_wire "$signal" alice
	hip_up alice bob
	hip_ping alice bob -c 1 -W 5 >/dev/null || fail "ping"
	start=$(now_ms)
	kill -$signal "${HIP_PID[alice]}"
	check "$signal: ends with status 0" hip_stop alice
	between "$signal: ms" 0 3000 $(($(now_ms) - start))
	check "$signal: bob's association is closed" until_true 3 not_established
	check "$signal: hip0 is gone" eval \
		'! ip -n "$NL_TAG-alice" link show hip0'
	check "$signal: the control socket is gone" \
		test ! -e "$HIP_DIR/alice/run/control.sock"
	equal "$signal: no process is left" "" "$(ip netns pids "$NL_TAG-alice")"
	check "$signal: the unreachable route stays" eval \
		'ip -n "$NL_TAG-alice" -6 route show type unreachable |
			grep -q "^unreachable 2001:20::/28 "'
	nl_in alice ping -c 1 -W 1 "${HIP_HIT[bob]}" >/dev/null 2>"$HIP_DIR/p.err"
	check "$signal: an application is told at once" \
		grep -qiE 'unreachable|no route' "$HIP_DIR/p.err"
	hip_captured "$signal"
	equal "$signal: CLOSE from alice" 1 "$(hip_type "$signal" 18 alice)"
	equal "$signal: CLOSE_ACK from bob" 1 "$(hip_type "$signal" 19 bob)"
	hip_stop bob >/dev/null
done

# A service manager tells all processes; the monitor last is the worst case.
hip_up alice
until_true 10 hip_resolver alice || fail "no resolver"
until_true 10 eval '[ "$(hip_json alice .state dns)" = answering ]' ||
	fail "DNS is not answered"
was=$(wc -l <"$HIP_DIR/alice/log")
resolver=$(hip_resolver alice)
kill "$resolver"
hip alice status >/dev/null # it has seen what there is to see
kill "$(hip_engine alice)" "${HIP_PID[alice]}"
check "TERM to all: ends with status 0" hip_stop alice
equal "TERM to all: nothing is wrong" "" \
	"$(tail -n +$((was + 1)) "$HIP_DIR/alice/log" | grep -iE 'resolver|ended|again')"
equal "TERM to all: no process is left" "" "$(ip netns pids "$NL_TAG-alice")"

# The engine alone ends: that is no success, whatever it is told as it goes.
hip_up alice
# shellcheck disable=SC2317  # until_true calls it
gone_by_hup() { kill -HUP "${HIP_PID[alice]}"; hip_gone "${HIP_PID[alice]}"; }
kill "$(hip_engine alice)"
check "TERM to the engine alone: all ends" until_true 10 gone_by_hup
equal "  with a failure" "alice ended with status 1" "$(hip_stop alice)"
unset 'HIP_PID[alice]'

# What was set aside is told until it has been looked after.
: >"$HIP_DIR/alice/state/pins.json.broken"
hip_up alice
told() { hip_json alice '.warnings[].code' status | grep -qx pins-broken; }
check "a broken file of an earlier run is told" told
rm "$HIP_DIR/alice/state/pins.json.broken"
check "until it is removed" until_true 10 eval '! told'
hip_stop alice >/dev/null

# And with nobody there to answer, it ends as well.
hip_up alice bob
hip_ping alice bob -c 1 -W 5 >/dev/null
hip_kill bob
start=$(now_ms)
check "with a dead peer: ends with status 0" hip_stop alice
between "with a dead peer: ms" 0 6000 $(($(now_ms) - start))

# What stays is there for good only until it is not wanted any more.
traces() {
	ip -n "$NL_TAG-alice" -6 route show type unreachable | grep 2001:20::
	ip -n "$NL_TAG-alice" addrlabel list | grep 2001:20::
	nl_in alice nft list tables | grep hipline
}
equal "what stays on the host" 3 "$(traces | wc -l)"
check "--unguard" nl_in alice "$HIP_BUILD/hiplined" \
	-c "$HIP_DIR/alice/hipline.conf" --unguard
equal "and then" "" "$(traces)"
check "--unguard again" nl_in alice "$HIP_BUILD/hiplined" \
	-c "$HIP_DIR/alice/hipline.conf" --unguard
hip_end
