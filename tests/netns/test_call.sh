#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# A SIP call between two unmodified softphones that dial sip:USER@[HIT]: it is
# answered, RTP flows both ways on hip0, each hears the other's tone, and only
# UDP 10500 is on the wire. Then the other way round, over IPv6. The long form
# has a file transfer beside speech: none of it is lost.
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

# --- beside a file transfer

listens() { [ -n "$(nl_in dave ss -Hln "sport = :$1")" ]; }
# beside DAVE SECONDS: us that speech was under way to this address of dave's,
# while carol sends a file if SECONDS > 0.
beside() {
	local to=$1 seconds=$2 receiver pids=()
	nl_bg dave "$HIP_DIR/speech" "$NL_BIN/paced" receive 7002; receiver=$NL_PID
	until_true 5 listens 7002
	if [ "$seconds" -gt 0 ]; then
		nl_bg dave "$HIP_DIR/file" sh -c \
			'socat -u -b 262144 TCP6-LISTEN:7001 - | wc -c'
		pids+=("$NL_PID")
		until_true 5 listens 7001
		nl_bg carol /dev/null timeout "$seconds" \
			socat -u -b 262144 /dev/zero "TCP6:[$to]:7001"
		pids+=("$NL_PID")
	fi
	nl_in carol "$NL_BIN/paced" send "$to" 7002 50 8 172 >/dev/null
	kill "$receiver"; wait "$receiver" "${pids[@]}"
	sed -n 's/.*delay \([0-9]*\) us.*/\1/p' "$HIP_DIR/speech"
}
megabytes() { echo $(($(cat "$HIP_DIR/file") / 1000000)); }
transfer() {
	local alone loaded
	NL_FAST=1
	hip_host carol; hip_host dave
	NL_FAST=0
	hip_meet carol dave
	hip_up carol dave
	check "beside a file: traffic" until_true 5 hip_pings_all carol dave 5
	alone=$(beside "${HIP_HIT[dave]}" 0)
	loaded=$(beside "${HIP_HIT[dave]}" 9)
	echo "     us under way: $alone alone, $loaded beside $(megabytes) MB"
	between "  MB" 500 1000000 "$(megabytes)"
	between "  packets of speech" 396 400 \
		"$(sed -n 's/received \([0-9]*\),.*/\1/p' "$HIP_DIR/speech")"
}

command -v baresip >/dev/null || { echo "no baresip"; exit 77; }
hip_init
hip_host alice; hip_host bob
HIP_FAMILY=4 call alice bob
HIP_FAMILY=6 call bob alice
[ "${HIP_LONG:-0}" = 0 ] || transfer
hip_end
