#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Each of I1, R1, I2 and R2 is lost once, twice, in the long form thrice: the
# exchange completes by retransmission, and the ping that asked is answered.
# Budget: 120 s, long 300 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

most=2
[ "${HIP_LONG:-0}" = 0 ] || most=3

hip_init
hip_host alice; hip_host bob
hip_meet alice bob
# Packet type at byte 6 of the datagram: four zero bytes, then the header.
for packet in "I1 1 ab" "R1 2 ba" "I2 3 ab" "R2 4 ba"; do
	read -r name type way <<<"$packet"
	for times in $(seq $most); do
		nl_impair alice eth0 "$way.dropnext=$times" "$way.mark=6:$type:0x7f"
		hip_up alice bob
		start=$(now_ms)
		check "$name lost, $times times: the first ping is answered" \
			hip_ping alice bob -c 1 -W 12
		took=$(($(now_ms) - start))
		# 1 s, then 2 s until the next attempt (RFC 7401 leaves the first
		# value to us; that it grows is 4.4.3's rule).
		between "  ms" 100 $((times * 4000)) $took
		equal "  lost on the wire" $times \
			"$(nl_wirestats alice eth0 | sed -n "s/^$way.* picked=\([0-9]*\).*/\1/p")"
		check "  100 of 100 after it" hip_pings_all alice bob 100
		hip_stop alice bob >/dev/null
		hip_forget alice bob # else either side may begin
		nl_unplug alice eth0
		nl_uplink alice eth0 && nl_defroute alice eth0 "$NL_GW"
		HIP_PEERS=([alice]='' [bob]='')
		hip_meet alice bob
	done
done
hip_end
