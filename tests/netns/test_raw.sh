#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# transport = raw: HIP as IP protocol 139 and ESP as 50, over IPv4 and IPv6,
# with each ESP suite; no ping is lost, TCP is intact, keys are changed, a
# host comes back; nothing else on the wire, and tshark finds nothing wrong.
# Between a raw host and one of UDP, a locator with a port speaks UDP.
# Budget: 90 s, long 300 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

mb=4
[ "${HIP_LONG:-0}" = 0 ] || mb=200
# Later fragments show the same protocol in IPv4, a fragment header in IPv6.
raw='ip proto 139 or ip proto 50 or ip6 proto 139 or ip6 proto 50 or ip6 proto 44'

# raw_host_address NAME: as HIP_FAMILY says, without a port.
raw_host_address() {
	if [ "$HIP_FAMILY" = 6 ]; then
		echo "${NL_IP6[$1.eth0]}"
	else
		echo "${NL_IP[$1.eth0]}"
	fi
}

# meet_raw SUITE: both are raw, and know each other without a port.
meet_raw() {
	hip_set alice 'transport = raw' "esp = { $1 }"
	hip_set bob 'transport = raw' "esp = { $1 }"
	HIP_PEERS=([alice]='' [bob]='')
	hip_knows alice bob "$(raw_host_address bob)"
	hip_knows bob alice "$(raw_host_address alice)"
}

rekeyed() { [ "$(hip_json alice '.associations[0].rekeys' peers)" = "$1" ]; }

# looks_right FILE WHAT: only what belongs there, and whole.
looks_right() {
	equal "$2: nothing else on the wire" 0 \
		"$(hip_count "$1" "not ($raw) and not ($HIP_NEIGHBOURS)")"
	check "$2: ESP as a protocol" test "$(hip_count "$1" "$raw")" -gt 200
	equal "$2: checksums" 1 \
		"$(hip_fields "$1" hip hip.checksum.status | sort -u | xargs)"
	equal "$2: malformed" "" "$(hip_tshark_finds "$1" hip)"
}

hip_init
hip_host alice; hip_host bob
for run in "4 13 alice bob" "6 9 bob alice" "4 8 bob alice" "6 13 alice bob"; do
	read -r HIP_FAMILY suite first second <<<"$run"
	what="IPv$HIP_FAMILY, suite $suite"
	meet_raw "$suite"
	hip_capture_wire "w$suite-$HIP_FAMILY" alice -s 0
	hip_up alice bob
	check "$what: $first first, 100 of 100" hip_pings_all $first $second 100
	check "$what: and back" hip_pings_all $second $first 100
	check "$what: in fragments" hip_pings_all $first $second 20 -s 4000
	hip_stream alice bob 5001 $mb
	equal "$what: $mb MB of TCP" "$(cat "$HIP_DIR/5001.out")" \
		"$(cat "$HIP_DIR/5001.in")"
	equal "$what: suite" "$suite" \
		"$(hip_json bob '.associations[0].esp_suite' peers)"
	check "$what: rekey" hip alice rekey "${HIP_HIT[bob]}"
	check "$what: it is done" until_true 5 rekeyed 1
	check "$what: with the new keys" hip_pings_all $first $second 50
	check "$what: bob stops" hip_stop bob
	hip_up bob
	check "$what: bob is back, 20 of 20" hip_pings_all alice bob 20
	equal "$what: where bob is" "$(raw_host_address bob)" \
		"$(hip_json alice '.associations[0].path.remote' peers | tr -d '[]')"
	check "$what: ends" hip_stop alice bob
	hip_forget alice bob
	hip_captured "w$suite-$HIP_FAMILY"
	looks_right "w$suite-$HIP_FAMILY" "$what"
done

# bob speaks UDP only: he reaches alice, and is reached with a port.
HIP_FAMILY=4
hip_set alice 'transport = raw'
hip_set bob 'transport = udp'
HIP_PEERS=([alice]='' [bob]='')
hip_knows alice bob
hip_knows bob alice "${NL_IP[alice.eth0]}"
hip_up alice bob
check "by UDP to a raw host" hip_pings_all bob alice 50
hip_again alice bob
hip_forget alice bob
check "by UDP from a raw host" hip_pings_all alice bob 50
check "ends" hip_stop alice bob
hip_end
