#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Two hosts that have nothing in common, of DH groups, HIP ciphers, ESP suites
# or transports: the Initiator tells the Responder by NOTIFY, its operator by
# status and peers, and its application by ICMPv6; and what to do about it.
# Budget: 120 s, long 120 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

# ... REASON: so say alice's peers and status, the latter with a REMEDY.
peers_say() { [ "$(hip_json alice '.associations[0].reason' peers)" = "$1" ]; }
status_says() {
	hip_json alice '.warnings[] | select(.code == "peer-unreachable") |
		.text + " -> " + .remedy' status |
		grep -F "${HIP_HIT[bob]} cannot be reached: $1 -> $2"
}
text_says() { hip alice status | grep -F "failed" | grep -qF "$1"; }
# unreachable: the application's ping is told, not kept waiting.
unreachable() {
	hip_ping alice bob -c 1 -W 25 | grep -q '1 packets transmitted, 0 received, +1 errors'
}
notified() { [ "$(hip_json bob .hip_received_notify counters)" -ge 1 ]; }
# types FILE: of the NOTIFYs on the wire, from alice.
types() {
	hip_fields "$1" "hip.packet_type == 17 && ip.src == ${NL_IP[alice.eth0]}" \
		hip.tlv.notification_type | sort -u | xargs
}

# nothing WHAT ALICE BOB REASON REMEDY NOTIFY: a line of configuration each.
nothing() {
	local what=$1 reason=$4 remedy=$5 notify=$6
	hip_set alice "$2"
	hip_set bob "$3"
	hip_capture_wire "$what" alice -s 0
	hip_up alice bob
	check "$what: the application hears of it" unreachable
	check "$what: peers tell why" until_true 2 peers_say "$reason"
	check "  status, too" text_says "$reason"
	check "  and what to do" status_says "$reason" "$remedy"
	[ -z "$notify" ] || check "  bob has the NOTIFY" until_true 5 notified
	hip_captured "$what"
	equal "  NOTIFY on the wire" "$notify" "$(types "$what")"
	equal "  state" failed "$(hip_state alice bob)"
	equal "  bob has no association" 0 "$(hip_json bob '.associations | length' peers)"
	check "  both end" hip_stop alice bob
	hip_forget alice bob
}

hip_init
hip_host alice; hip_host bob
hip_meet alice bob

# RFC 7401 5.2.19: NO_DH_PROPOSAL_CHOSEN, NO_HIP_PROPOSAL_CHOSEN; RFC 7402 5.1.3:
# NO_ESP_PROPOSAL_CHOSEN.
nothing group 'dh = { 7 }' 'dh = { 8, 4 }' \
	"no DH group in common" "compare dh in hipline.conf" 14
nothing cipher 'cipher = { 4 }' 'cipher = { 2 }' \
	"no HIP cipher in common" "compare cipher in hipline.conf" 16
nothing suite 'esp = { 13, 9 }' 'esp = { 8 }' \
	"no ESP suite in common" "compare esp in hipline.conf" 18

# A peer that listens to IP protocol 139 alone hears no UDP, nor is heard: there
# is nobody to be told but the operator.
HIP_PEERS=([alice]='' [bob]='')
hip_knows alice bob "${NL_IP[bob.eth0]}"
hip_knows bob alice "${NL_IP[alice.eth0]}"
nothing transport 'transport = raw' 'transport = udp' \
	"the peer does not answer IP protocol 139; a peer with transport = udp needs a locator with a port" \
	"see that hiplined runs there" ""

# With one of each in common it is as if nothing had been.
HIP_PEERS=([alice]='' [bob]='')
hip_meet alice bob
hip_set alice 'dh = { 7, 8 }' 'cipher = { 4, 2 }' 'esp = { 13, 9 }'
hip_set bob 'dh = { 8 }' 'cipher = { 2 }' 'esp = { 9, 8 }'
hip_up alice bob
check "one of each in common" hip_pings_all alice bob 5
equal "  DH group, cipher, suite" "9" "$(hip_json alice '.associations[0].esp_suite' peers)"
equal "  NOTIFYs" "0 0" "$(hip_json alice .hip_sent_notify counters) $(hip_json bob .hip_sent_notify counters)"
hip_end
