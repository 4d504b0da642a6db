#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# A SIP call between two unmodified softphones that dial sip:USER@[HIT]: it is
# answered, RTP flows both ways on hip0, each hears the other's tone, and only
# UDP 10500 is on the wire. Then the other way round, over IPv6.
# Alone: it measures, or takes all of the machine.
# Budget: 60 s, long 120 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"
# shellcheck source-path=SCRIPTDIR source=sip.sh
. "$HIP_HERE/sip.sh"

talk=4 # seconds; RTP is 50 packets a second each way
[ "${HIP_LONG:-0}" = 0 ] || talk=30
declare -A tone=([alice]=400 [bob]=600)

# rtp_from FILE NAME: RTP packets with NAME's HIT as source.
rtp_from() { hip_count "$1" "$SIP_RTP and src host ${HIP_HIT[$2]}"; }
# enough FILE NAME: has the talk lasted?
enough() { [ "$(rtp_from "$1" "$2")" -ge $((talk * 50)) ]; }

# call CALLER CALLEE
call() {
	local from=$1 to=$2 n other what="$1 calls $2 over IPv$HIP_FAMILY"
	HIP_PEERS=([alice]='' [bob]='')
	hip_meet alice bob
	hip_capture_wire wire alice
	hip_up alice bob
	for n in alice bob; do
		rm -rf "$HIP_DIR/$n/phone"
		sip_phone $n "$HIP_DIR/$n/phone" $n "${HIP_HIT[$n]}" ${tone[$n]}
		hip_capture "rtp-$n" $n hip0
	done
	sip_start "$to" "$HIP_DIR/$to/phone"
	check "$what: the phone listens" until_true 5 sip_listens "$to"
	sip_call "$from" "$HIP_DIR/$from/phone" "sip:$to@[${HIP_HIT[$to]}]"
	check "$what: established" until_true 10 sip_established "$HIP_DIR/$from/phone"
	check "$what: and for the other" until_true 5 sip_established "$HIP_DIR/$to/phone"
	until_true $((talk + 10)) enough "rtp-$from" "$to"
	sip_stop "$from"; sip_stop "$to"
	hip_captured rtp-alice rtp-bob
	for n in alice bob; do
		other=bob
		[ $n = alice ] || other=alice
		between "$what: RTP from $n that $n sent" $((talk * 49)) 100000 \
			"$(rtp_from rtp-$n $n)"
		between "$what: RTP from $n that $other received" $((talk * 49)) 100000 \
			"$(rtp_from rtp-$other $n)"
		between "$what: the tone that $n heard, Hz" \
			$((${tone[$other]} - 20)) $((${tone[$other]} + 20)) \
			"$(sip_heard "$HIP_DIR/$n/phone")"
	done
	hip_stop alice bob >/dev/null
	hip_captured wire
	check "$what: only UDP 10500 on the wire" hip_only wire
}

command -v baresip >/dev/null || { echo "no baresip"; exit 77; }
hip_init
hip_host alice; hip_host bob
HIP_FAMILY=4 call alice bob
HIP_FAMILY=6 call bob alice
hip_end
