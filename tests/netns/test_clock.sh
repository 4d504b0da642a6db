#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# T43: the wall clock goes ahead by three days, back by ten years, and on in
# steps of a minute, at one host or at both: associations and traffic go on, new
# keys are made, and a restart finds its peer again.
# Budget: 120 s, long 120 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

days=$((3 * 86400)) years=$((10 * 365 * 86400))

# knows NAME SECONDS: its engine has seen this time: it is in what it remembers.
knows() {
	local seen
	seen=$(sed -n '1s/.* //p' "$HIP_DIR/$1/state/recent-peers")
	[ -n "$seen" ] && [ $((seen - EPOCHSECONDS - $2)) -ge -30 ] &&
		[ $((seen - EPOCHSECONDS - $2)) -le 30 ]
}
# as_before WHAT: one association since the beginning, and nothing to warn of.
as_before() {
	local n other age
	for n in alice bob; do
		[ $n = alice ] && other=bob || other=alice
		equal "$1: $n" "established 1" \
			"$(hip_state $n $other) $(hip_json $n .exchanges_completed counters)"
		age=$(hip_json $n '.associations[0].age_s' peers)
		between "  its age, s" 0 $(((($(now_ms) - start) / 1000) + 1)) "$age"
		between "  idle for, s" 0 5 "$(hip_json $n '.associations[0].idle_s' peers)"
		equal "  warnings" 0 "$(hip_json $n '.warnings | length' status)"
	done
	check "  new keys" hip_rekey alice bob
	check "  and from the other side" hip_rekey bob alice
}
generation() { cat "$HIP_DIR/alice/state/r1-generation"; }
meets() { [ "$(hip_state alice bob) $(hip_state bob alice)" = "established established" ]; }

hip_init
hip_sanitized && { echo "a sanitizer has to be loaded first; skipped"; exit 77; }
hip_host alice; hip_host bob
hip_meet alice bob
hip_shift alice 0
hip_shift bob 0
hip_up alice bob
start=$(now_ms)
check "traffic" until_true 10 hip_pings_all alice bob 5
hip_pinging pings alice bob -i 0.05

hip_shift alice $days
check "three days ahead at one: its engine knows" until_true 75 knows alice $days
as_before "three days ahead"
hip_shift alice -$years
hip_shift bob -$years
check "ten years back at both: the engines know" until_true 20 knows alice -$years
check "  the other one, too" until_true 20 knows bob -$years
as_before "ten years back"
for minutes in $(seq 10); do
	hip_shift alice $((minutes * 60 - years))
	check "a step of a minute" hip_pings_all alice bob 5
done
as_before "ten minutes in steps"
check "no ping is lost" hip_pinged pings

# --- a restart while the clock is wrong, or right again
before=$(generation)
for ahead in $((-2 * years)) 0; do
	hip_kill alice
	hip_shift alice $ahead
	hip_up alice
	# They are counted, and not taken from the clock.
	between "started at $ahead s: the generation of R1s" \
		$((before + 1)) $((before + 5)) "$(generation)"
	before=$(generation)
	check "  associated" until_true 10 hip_ping bob alice -c 1 -W 1
	check "  at both" until_true 10 meets
	check "  no ping is lost" hip_pings_all alice bob 20
done
hip_end
