#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Forged ICMP and ICMPv6 errors about the path, thousands: traffic goes on, large
# packets too, and the association and the MTU stay as they are (T17).
# Budget: 60 s, long 60 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

state() {
	hip_json "$1" '(.mtu | tostring), (.associations | map([.hit, .state,
		.path.remote, .spi_in, .spi_out]) | tojson)' status
}
both() { [ "$(hip_state alice bob)$(hip_state bob alice)" = establishedestablished ]; }

router() { # NAME
	local a=${NL_IP[$1.eth0]}
	[ $HIP_FAMILY = 4 ] && echo "${a%.*}.1" || echo "${NL_IP6[$1.eth0]%2}1"
}
addr() { [ $HIP_FAMILY = 4 ] && echo "${NL_IP[$1.eth0]}" || echo "${NL_IP6[$1.eth0]}"; }

# lied_to N LARGE: N lies of each kind, while pings pass, some of LARGE bytes.
lied_to() {
	local n=$1 large=$2 before pair to peer from
	HIP_PEERS=([alice]='' [bob]='')
	hip_meet alice bob
	hip_up alice bob
	check "IPv$HIP_FAMILY: traffic" until_true 5 hip_pings_all alice bob 10
	check "established" until_true 5 both
	before=$(state alice; state bob)
	hip_pinging small alice bob -i 0.02
	hip_pinging large bob alice -i 0.02 -s "$large"
	for pair in "alice bob" "bob alice"; do
		read -r to peer <<<"$pair"
		# From a router on the way, and as if from the peer itself.
		for from in "$(router "$to")" "$(addr "$peer")"; do
			check "lies to $to" nl_in mallory "$NL_BIN/liar" "$from" \
				"$(addr "$to")" "$(addr "$peer")" "$n"
		done
	done
	check "no small ping was lost" hip_pinged small
	check "no large ping was lost" hip_pinged large
	equal "nothing changed" "$before" "$(state alice; state bob)"
	# They were believed by somebody, or this proved nothing.
	check "the kernel believed one" eval \
		'nl_in alice ip route get "$(addr bob)" | grep -q mtu'
	tcp
}
tcp() {
	check "TCP" eval 'nl_bg bob "$HIP_DIR/tcp" sh -c "socat -u TCP6-LISTEN:7001 - | wc -c" &&
		until_true 5 eval "[ -n \"\$(nl_in bob ss -Hlnt \"sport = :7001\")\" ]" &&
		head -c 2000000 /dev/zero | nl_in alice timeout 20 socat -u - "TCP6:[${HIP_HIT[bob]}]:7001" &&
		wait $NL_PID && [ "$(cat "$HIP_DIR/tcp")" = 2000000 ]'
}

hip_init
hip_host alice; hip_host bob; nl_host mallory
HIP_FAMILY=4
lied_to 150 1398
check "they stop" hip_stop alice bob
hip_forget alice bob
HIP_FAMILY=6
lied_to 50 1378
hip_end
