#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# RFC 6261: where both hosts offer it, CLOSE and CLOSE_ACK travel inside ESP
# and only what makes keys is seen on the wire; with a peer that does not offer
# it all of them are. Over UDP and without it.
# Budget: 60 s, long 120 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

# types FILE: the types of HIP packets outside ESP, each once.
types() {
	{
		tshark -r "$HIP_DIR/$1.pcap" -Y 'udp.port == 10500' -T fields \
			-e udp.payload 2>/dev/null |
			sed -n 's/^00000000....\(..\).*/\1/p' | sed 's/^/0x/'
		hip_fields "$1" 'ip.proto == 139' hip.packet_type
	} | while read -r n; do echo $((n & 127)); done | sort -nu | xargs
}

rekeyed() { [ "$(hip_json alice '.associations[0].rekeys' peers)" = 1 ]; }
gone() { [ -z "$(hip_state alice bob)" ]; }
closed() { [ "$(hip_state bob alice)" = closed ]; }

# session WHAT TRANSPORT BOB-OFFERS TYPES
session() {
	local what=$1 locator
	hip_set alice "transport = $2" 'esp_transport = on'
	hip_set bob "transport = $2" "esp_transport = $3"
	HIP_PEERS=([alice]='' [bob]='')
	if [ "$2" = raw ]; then
		locator=${NL_IP[bob.eth0]}
	else
		locator=$(hip_address bob)
	fi
	hip_knows alice bob "$locator"
	HIP_PEERS[bob]="peer alice { hit = \"${HIP_HIT[alice]}\" }"
	hip_capture_wire "$what" alice -s 0
	hip_up alice bob
	check "$what: pings" hip_pings_all alice bob 20
	check "$what: rekey" hip alice rekey "${HIP_HIT[bob]}"
	check "$what: it is done" until_true 5 rekeyed
	check "$what: pings with the new keys" hip_pings_all bob alice 20
	check "$what: close" hip alice close "${HIP_HIT[bob]}"
	check "$what: alice is done" until_true 3 gone
	check "$what: bob is closed" closed
	hip_captured "$what"
	equal "$what: types outside" "$4" "$(types "$what")"
	check "$what: ends" hip_stop alice bob
	hip_forget alice bob
}

hip_init
hip_host alice; hip_host bob
# I1 R1 I2 R2, UPDATE 16, CLOSE 18, CLOSE_ACK 19.
session both udp on "1 2 3 4 16"
session both-raw raw on "1 2 3 4 16"
session one udp off "1 2 3 4 16 18 19"
hip_end
