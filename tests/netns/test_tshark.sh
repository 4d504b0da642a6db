#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# tshark reads our HIP packets: in a raw-form copy (IP protocol 139, checksum
# filled in by a program of its own) every checksum is good and nothing is
# malformed, for each kind of identity and both IP versions.
# Budget: 90 s, long 300 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

hip_init
for algorithm in ecdsa-p256 ecdsa-p384 rsa-3072; do
	HIP_ALGORITHM=$algorithm
	a=a${algorithm//[!0-9]/} b=b${algorithm//[!0-9]/}
	hip_host "$a"; hip_host "$b"
	hip_set "$a" 'esp_transport = off' # else CLOSE is inside ESP
	for HIP_FAMILY in 4 6; do
		what="$algorithm over IPv$HIP_FAMILY"
		HIP_PEERS[$a]='' HIP_PEERS[$b]=''
		hip_meet "$a" "$b"
		f=$algorithm-$HIP_FAMILY
		hip_capture_wire "$f" "$a" -s 0
		hip_up "$a" "$b"
		hip_ping "$a" "$b" -c 1 -W 5 >/dev/null || fail "$what: ping"
		hip "$a" close "${HIP_HIT[$b]}" >/dev/null || fail "$what: close"
		hip_stop "$a" "$b" >/dev/null
		hip_captured "$f"
		check "$what: raw form" "$NL_BIN/rawform" \
			"$HIP_DIR/$f.pcap" "$HIP_DIR/$f-raw.pcap"
		# I1 R1 I2 R2, CLOSE 18, CLOSE_ACK 19 in this order.
		equal "$what: the packets" "1 2 3 4 18 19" \
			"$(hip_fields "$f-raw" hip hip.packet_type | xargs)"
		equal "$what: version" 2 \
			"$(hip_fields "$f-raw" hip hip.version | sort -u | xargs)"
		equal "$what: checksum status" 1 \
			"$(hip_fields "$f-raw" hip hip.checksum.status | sort -u | xargs)"
		equal "$what: malformed" "" "$(hip_tshark_finds "$f-raw")"
		# tshark recomputes the checksum: a wrong one must show.
		"$NL_BIN/rawform" -x "$HIP_DIR/$f.pcap" "$HIP_DIR/$f-bad.pcap"
		equal "$what: a wrong checksum is found" 0 \
			"$(hip_fields "$f-bad" hip hip.checksum.status | sort -u | xargs)"
		check "$what: and counts as wrong" test -n "$(hip_tshark_finds "$f-bad")"
	done
done
hip_end
