#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Two hosts with peer entries ping each other; no packet is lost, the first
# included; either side first, both at once, over IPv4 and IPv6; nothing but
# UDP 10500 on the wire.
# Budget: 60 s, long 300 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

# both_at_once: two pings that begin together.
both_at_once() {
	local a rc=0
	hip_pings_all alice bob 100 >"$HIP_DIR/a.out" & a=$!
	hip_pings_all bob alice 100 || rc=1
	wait $a || { rc=1; cat "$HIP_DIR/a.out"; }
	return $rc
}

hip_init
hip_host alice; hip_host bob
rounds=1
[ "${HIP_LONG:-0}" = 0 ] || rounds=10
for HIP_FAMILY in 4 6; do
	HIP_PEERS=([alice]='' [bob]='')
	hip_meet alice bob
	over="over IPv$HIP_FAMILY"
	hip_capture_wire "wire$HIP_FAMILY" alice
	for _ in $(seq $rounds); do
		hip_up alice bob
		check "alice first $over: 100 of 100" hip_pings_all alice bob 100
		check "and bob back: 100 of 100" hip_pings_all bob alice 100
		hip_again alice bob
		check "bob first $over: 100 of 100" hip_pings_all bob alice 100
		hip_again alice bob
		check "both at once $over: 100 of 100, twice" both_at_once
		equal "alice's state" established "$(hip_state alice bob)"
		equal "bob's state" established "$(hip_state bob alice)"
		check "large pings, fragmented inside" \
			hip_pings_all alice bob 20 -s 4000
		hip_stop alice bob
		hip_forget alice bob
	done
	hip_captured "wire$HIP_FAMILY"
	check "only UDP 10500 on the wire $over" hip_only "wire$HIP_FAMILY"
	family=ip
	[ $HIP_FAMILY = 4 ] || family=ip6
	equal "all of it $over" "$(hip_count "wire$HIP_FAMILY" "$HIP_OURS")" \
		"$(hip_count "wire$HIP_FAMILY" "$family and $HIP_OURS")"
done
hip_end
