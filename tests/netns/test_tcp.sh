#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# TCP carries 200 MB intact from one HIT to the other, and 20 MB back at the
# same time; nothing but UDP 10500 on the wire.
# Alone: it measures, or takes all of the machine.
# Budget: 60 s, long 300 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

mb=200
[ "${HIP_LONG:-0}" = 0 ] || mb=2000

hip_init
hip_host alice; hip_host bob
hip_meet alice bob
hip_up alice bob
# pids NODE: of the monitor, the engine and the resolver.
pids() { echo "${HIP_PID[$1]}" "$(hip_engine "$1")" "$(hip_resolver "$1")"; }
# What the start and the exchange needed has been let go of when traffic runs.
peaks_from_now() {
	local node pid
	for node in alice bob; do
		for pid in $(pids $node); do
			echo 5 >"/proc/$pid/clear_refs" # proc(5): the peak
		done
	done
}
# peak NODE: kB, all of them together.
peak() {
	local pid
	for pid in $(pids "$1"); do
		cat "/proc/$pid/status"
	done | awk '/^VmHWM/ { kb += $2 } END { print kb }'
}
size() { awk '/^VmRSS/ { print $2 }' "/proc/$(hip_engine "$1")/status"; }
has_shrunk() { [ "$(size "$1")" -le 4500 ]; }

# Until then it keeps in memory what an exchange needs.
hip_sanitized || {
	between "alice's engine before, kB" 0 7500 "$(size alice)"
	between "bob's, kB" 0 7500 "$(size bob)"
}
check "an exchange" until_true 10 hip_ping alice bob -c 1 -W 1
if ! hip_sanitized; then
	for node in alice bob; do
		between "peak kB of $node's three processes since the start" \
			2000 15360 "$(peak $node)"
	done
	check "alice's engine lets go of memory" until_true 5 has_shrunk alice
	check "bob's engine lets go of memory" until_true 5 has_shrunk bob
	peaks_from_now
fi
hip_capture_wire wire alice -s 96 "not ($HIP_OURS)"
start=$(now_ms)
hip_stream bob alice 5002 20 & back=$!
hip_stream alice bob 5001 $mb
took=$(($(now_ms) - start))
wait $back
hip_captured wire
equal "alice to bob, $mb MB" "$(cat "$HIP_DIR/5001.out")" "$(cat "$HIP_DIR/5001.in")"
equal "bob to alice, 20 MB" "$(cat "$HIP_DIR/5002.out")" "$(cat "$HIP_DIR/5002.in")"
equal "nothing else on the wire" 0 "$(hip_count wire "not ($HIP_NEIGHBOURS)")"
bytes=$(hip_json bob '.associations[0].bytes_in' peers)
between "bytes that bob counts" $((mb * 1048576)) $((mb * 1400000)) "$bytes"
echo "     $((mb * 8000 / took)) Mbit/s"
if ! hip_sanitized; then
	for node in alice bob; do
		between "peak kB of $node's three processes" 2000 11264 "$(peak $node)"
	done
fi
check "ends" hip_stop alice bob
hip_end
