#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# A stranger gets no association; a HIT as source or destination on the LAN
# reaches nothing; with the daemon gone, nothing for a HIT leaves the host.
# Budget: 60 s, long 60 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

HITS='ip6 and net 2001:20::/28'

# shout TEXT [OPTION]: mallory sends TEXT in UDP to alice's HIT, by way of her
# LAN address, and tries to open a TCP connection.
shout() {
	nl_in mallory timeout 2 socat -u - \
		"UDP6-SENDTO:[${HIP_HIT[alice]}]:7000${2:-}" <<<"$1"
	nl_in mallory timeout 1 socat -u /dev/null \
		"TCP6:[${HIP_HIT[alice]}]:7001,connect-timeout=0.5${2:-}" 2>/dev/null
}
heard() { grep -q "$1" "$HIP_DIR/heard"; }
connected() { grep -q "accepting connection" "$HIP_DIR/tcp"; }

hip_init
hip_host alice; hip_host bob; hip_host mallory
hip_meet alice bob
hip_knows mallory alice # he knows her; she does not know him

# --- accept = known
hip_up alice bob mallory
hip_capture_wire strange mallory
check "bob, who is known, pings alice" hip_pings_all bob alice 10
nl_in mallory ping -q -c 3 -i 0.2 -W 3 "${HIP_HIT[alice]}" >"$HIP_DIR/m.out"
equal "a stranger's pings: received" 0 \
	"$(sed -n 's/.* \([0-9]*\) received.*/\1/p' "$HIP_DIR/m.out")"
hip_captured strange
equal "no R2 goes to him" 0 "$(hip_count strange \
	"src host ${NL_IP[alice.eth0]} and udp port 10500 and udp[8:4] = 0 and udp[14] & 0x7f = 4")"
equal "alice has no association with him" "" "$(hip_state alice mallory)"
equal "alice's association with bob" established "$(hip_state alice bob)"
hip_stop mallory >/dev/null

# --- HITs on the LAN. Mallory's and the router's routes bring alice's HIT to
# her eth0; he has bob's HIT as source, or his own address. What hiplined left
# in his kernel against such things he throws away.
nl_in mallory nft flush ruleset
ip -n "$NL_TAG-mallory" -6 route del unreachable 2001:20::/28
ip -n "$NL_TAG-inet" route add "${HIP_HIT[alice]}/128" via "${NL_IP6[alice.eth0]}"
ip -n "$NL_TAG-mallory" -6 route add "${HIP_HIT[alice]}/128" \
	via "${NL_IP6[mallory.eth0]%2}1"
ip -n "$NL_TAG-mallory" -6 addr add "${HIP_HIT[bob]}/128" dev lo nodad
nl_bg alice "$HIP_DIR/heard" socat -u "UDP6-RECV:7000" -
nl_bg alice "$HIP_DIR/tcp" socat -d -d -u "TCP6-LISTEN:7001,fork" -
until_true 5 nl_in alice ss -Hlnt 'sport = :7001'
hip_capture_wire spoof alice
shout "from mallory's own address"
shout "from bob's HIT" ",bind=[${HIP_HIT[bob]}]"
check "bob's own datagram arrives" eval \
	'nl_in bob socat -u - "UDP6-SENDTO:[${HIP_HIT[alice]}]:7000" <<<"from bob" &&
	until_true 5 heard "from bob"'
equal "what alice heard" "from bob" "$(cat "$HIP_DIR/heard")"
check "no connection came about" eval '! connected'
hip_captured spoof
# The attack did reach her wire, or this proved nothing.
between "spoofed packets on alice's wire" 2 1000 "$(hip_count spoof "$HITS")"
equal "answers to them" 0 \
	"$(hip_count spoof "src host ${HIP_HIT[alice]} or src host ${NL_IP6[alice.eth0]} and icmp6 and ip6[40] = 1")"
# And what kept it out is our table: without it, the kernel delivers.
nl_in alice nft flush ruleset
shout "without the table"
check "without our table it is heard" until_true 5 heard "without the table"

# --- UDP 6084 is hip0's: what comes elsewhere reaches no socket, though nothing
# but that keeps it out now. What mallory sends is what bob has sent before.
hip_capture frames alice hip0 'udp port 6084'
check 'alice begins an overlay' hip alice create example.com --name alice@example.com
check 'bob joins it' hip bob join "$(hip alice invite bob@example.com 2>/dev/null)"
# frames TYPE [SEQUENCE]: "sequence bytes" of frames from bob (128, data) or to
# him (129, acknowledgements).
frames() {
	local from=alice
	[ "$1" = 129 ] || from=bob
	tshark -r "$HIP_DIR/frames.pcap" -Y "ipv6.src == ${HIP_HIT[$from]} && udp" \
		-T fields -e udp.payload 2>/dev/null |
		awk -v type="$(printf %02x "$1")" -v of="${2:-}" 'substr($1, 1, 2) == type &&
			(of == "" || substr($1, 3, 8) == of) { print substr($1, 3, 8), $1 }'
}
check 'bob has sent a frame' until_true 10 eval '[ -n "$(frames 128)" ]'
read -r sequence bytes < <(frames 128 | head -n 1)
acknowledged() { frames 129 "$sequence" | wc -l; }
check 'which is acknowledged' until_true 5 eval '[ "$(acknowledged)" -gt 0 ]'
unheard() { nl_in alice awk '$1 == "Udp6NoPorts" { print $2 }' /proc/net/snmp6; }
before=$(unheard) acknowledged_before=$(acknowledged)
hip_capture_wire elsewhere alice
for i in 1 2 3; do
	nl_in mallory python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 6084))
s.sendto(bytes.fromhex(sys.argv[3]), (sys.argv[2], 6084))' \
		"${HIP_HIT[bob]}" "${HIP_HIT[alice]}" "$bytes"
done
check 'on another interface nobody hears it' until_true 5 eval \
	'[ "$(unheard)" = $((before + 3)) ]'
hip_captured elsewhere frames
equal 'though it was there' 3 "$(hip_count elsewhere "$HITS and udp port 6084 and src host ${HIP_HIT[bob]}")"
equal 'nor is it acknowledged' "$acknowledged_before" "$(acknowledged)"
check 'nothing of alice listens on 6084 elsewhere' eval \
	'! nl_in alice ss -Hlntu "sport = :6084" | grep -v "\[${HIP_HIT[alice]}\]%hip0:6084"'
equal 'and that does, by UDP and TCP' 2 "$(nl_in alice ss -Hlntu 'sport = :6084' | wc -l)"

# --- with the daemon gone
leaves_nothing() { # WHAT
	hip_capture_wire "$1" alice
	nl_in alice ping -q -c 2 -i 0.2 -W 1 "${HIP_HIT[bob]}" >/dev/null 2>&1
	nl_in alice ping -q -c 1 -W 1 2001:2f:ffff::1 >/dev/null 2>&1
	# A packet that must be seen closes the capture.
	nl_in alice ping -q -c 1 -W 1 "${NL_IP6[bob.eth0]}" >/dev/null
	hip_captured "$1"
	between "$1: pings to an address leave" 1 10 \
		"$(hip_count "$1" "icmp6 and host ${NL_IP6[bob.eth0]}")"
	equal "$1: pings to a HIT leave" 0 "$(hip_count "$1" "$HITS")"
}
check "alice's daemon ends" hip_stop alice
leaves_nothing stopped
hip_up alice
hip_kill alice
leaves_nothing killed
hip_end
