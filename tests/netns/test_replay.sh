#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Every packet of two sessions comes again, from where it came then and from
# elsewhere, in the session, in the next one, and after a silence: nothing
# changes, and each is counted (T13, T16).
# Budget: 90 s, long 90 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

state() { # of NAME: what an association is
	hip_json "$1" '.associations | map([.hit, .state, .path.local,
		.path.remote, .spi_in, .spi_out, .rekeys]) | tojson' peers
}
note() { hip "$1" --json counters >"$HIP_DIR/noted.$1"; }
# rise NAME PATTERN: what the counters of that form have gained since.
rise() {
	hip "$1" --json counters | jq --slurpfile b "$HIP_DIR/noted.$1" \
		"to_entries | map(select(.key | test(\"^$2\")) |
		.value - (\$b[0][.key] // 0)) | add // 0"
}
# sent WHAT: how many of it the tool sent; a HIP type by its number.
sent() { sed -n "s/.*$1\( \|: \)\([0-9]*\).*/\2/p" "$HIP_DIR/replayed"; }

# again WHAT CAPTURE NAME [FROM]: all that went to NAME goes again.
again() {
	local what=$1 capture=$2 name=$3 before hip esp; shift 3
	before=$(state alice; state bob)
	note "$name"
	nl_in mallory "$NL_BIN/replay" "$HIP_DIR/$capture" "${NL_IP[$name.eth0]}" \
		"$@" >"$HIP_DIR/replayed" || fail "replay: status $?"
	sed 's/^/     /' "$HIP_DIR/replayed"
	hip=$(sed -n 's/^sent \([0-9]*\) of HIP.*/\1/p' "$HIP_DIR/replayed")
	esp=$(sed -n 's/.*, \([0-9]*\) of ESP.*/\1/p' "$HIP_DIR/replayed")
	check "$what, to $name: all came" until_true 3 came "$name" "$hip" "$esp"
	equal "  nothing changed" "$before" "$(state alice; state bob)"
	# What is not dropped is answered as before, to where it was answered.
	between "  HIP: dropped or answered" "$hip" $((hip + probes)) \
		$(($(rise "$name" hip_drop_) + $(rise "$name" hip_sent_r1) +
			$(rise "$name" hip_sent_r2) + $(rise "$name" hip_sent_update)))
	equal "  ESP: dropped" "$esp" "$(rise "$name" data_drop_)"
	equal "  Diffie-Hellman" 0 "$(rise "$name" dh_agreements)"
}
came() {
	local n
	n=$(rise "$1" hip_received_)
	[ "$n" -ge "$2" ] && [ "$n" -le $(($2 + probes)) ] &&
		[ $(($(rise "$1" data_drop_))) -ge "$3" ]
}
# Within 5 s of the last genuine packet strange ESP is dropped, then a host asks
# its peer.
silence() {
	if [ $probes = 0 ]; then
		hip_pings_all alice bob 1 >/dev/null || fail "a ping"
	elif [ $name != "$silent" ]; then
		silent=$name
		sleep 5.2 # no event ends it: that nothing comes is what counts
	fi
}
everything() { # WHAT CAPTURE
	local name
	for name in alice bob; do
		silence; again "$1" "$2" $name
		silence
		again "$1, from elsewhere" "$2" $name "${NL_IP[mallory.eth0]}"
	done
	check "  traffic" hip_pings_all alice bob 20
}
established() {
	[ "$(hip_state alice bob)" = established ] &&
		[ "$(hip_state bob alice)" = established ]
}
session() {
	hip_pings_all alice bob 10 >/dev/null && until_true 5 established &&
		hip_rekey alice bob && hip_rekey bob alice &&
		hip_pings_all bob alice 10 >/dev/null
}

probes=0 silent=
hip_init
hip_host alice; hip_host bob; nl_host mallory
hip_set alice 'idle_s = 0'
hip_set bob 'idle_s = 0'
hip_meet alice bob
hip_up alice bob
hip_capture_wire first alice
check "a session" session
hip_captured first
everything "in its session" first
hip_capture_wire last alice
check "its end" hip alice close all
until_true 5 eval '[ -z "$(hip_state alice bob)" ] || [ "$(hip_state alice bob)" = closed ]'
hip_captured last
hip_again alice bob
hip_capture_wire second alice
check "another session" session
hip_captured second
everything "in the next session" first
everything "in the next session, CLOSE" last
probes=1
everything "after a silence" first
hip_end
