#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# kill -9 of either side's daemon, and of one of its processes alone; started
# again, traffic passes within 5 s, whoever speaks first.
# Budget: 150 s, long 3000 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

rounds=1
[ "${HIP_LONG:-0}" = 0 ] || rounds=25

pings() { hip_ping "$1" "$2" -c 1 -W 1; }

# recovers VICTIM FIRST SECOND: VICTIM is killed and started; FIRST speaks.
recovers() {
	local victim=$1 first=$2 second=$3 start took
	check "  traffic before" until_true 5 pings alice bob
	hip_kill "$victim"
	hip_up "$victim"
	start=$(now_ms)
	if until_true 5 pings "$first" "$second"; then
		took=$(($(now_ms) - start))
		pass "$victim killed, $first first: traffic after $took ms"
		check "  50 of 50" hip_pings_all "$second" "$first" 50
	else
		fail "$victim killed, $first first: no traffic within 5 s"
	fi
}

hip_init
hip_host alice; hip_host bob
hip_meet alice bob
hip_up alice bob
for _ in $(seq $rounds); do
	recovers alice alice bob
	recovers alice bob alice
	recovers bob bob alice
	recovers bob alice bob
done

# One process alone: the other ends with it, and says so by its status.
# shellcheck disable=SC2046
kill -9 $(hip_engine alice)
check "engine killed: the monitor ends" until_true 5 hip_gone "${HIP_PID[alice]}"
wait "${HIP_PID[alice]}"
between "engine killed: the monitor's status" 1 255 $?
equal "engine killed: no process is left" "" \
	"$(ip netns pids "$NL_TAG-alice" | xargs)"
unset "HIP_PID[alice]"
hip_up alice
engine=$(hip_engine alice)
kill -9 "${HIP_PID[alice]}"
check "monitor killed: the engine ends" until_true 5 hip_gone "$engine"
wait "${HIP_PID[alice]}" 2>/dev/null
unset "HIP_PID[alice]"
hip_up alice
check "and it starts again" until_true 5 pings alice bob
hip_end
