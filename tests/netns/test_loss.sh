#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# One packet in 20 is lost on the way, both ways: the base exchange completes,
# whatever the seed of the losses, and the line works.
# Budget: 120 s, long 1800 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

seeds=10
[ "${HIP_LONG:-0}" = 0 ] || seeds=200

# up: the association is up at both ends; ICMP itself may be lost.
up() {
	[ "$(hip_state alice bob)" = established ] &&
		[ "$(hip_state bob alice)" = established ]
}

hip_init
hip_host alice; hip_host bob
hip_meet alice bob
for seed in $(seq $seeds); do
	# A wire of its own for each seed: it is set with the first call.
	nl_unplug alice eth0
	nl_uplink alice eth0 && nl_defroute alice eth0 "$NL_GW"
	HIP_PEERS=([alice]='' [bob]='')
	hip_meet alice bob
	NL_SEED_WIRE=$seed nl_impair alice eth0 loss=5
	hip_up alice bob
	start=$(now_ms)
	got=$(hip_ping alice bob -c 40 -i 0.05 -W 2 |
		sed -n 's/.*, \([0-9]*\) received.*/\1/p')
	check "seed $seed: established" until_true 15 up
	between "seed $seed: of 40 pings" 28 40 "${got:-0}"
	equal "seed $seed: frames that the wire itself missed" "0 0" \
		"$(nl_wirestats alice eth0 | sed 's/.*missed=\([0-9]*\).*/\1/' | xargs)"
	echo "     $(($(now_ms) - start)) ms"
	hip_stop alice bob >/dev/null
done
hip_end
