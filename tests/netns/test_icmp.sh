#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Forged ICMP errors about the path, thousands: traffic goes on, large packets
# too, and the association and the MTU stay as they are (T17).
# Budget: 60 s, long 60 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

state() {
	hip_json "$1" '(.mtu | tostring), (.associations | map([.hit, .state,
		.path.remote, .spi_in, .spi_out]) | tojson)' status
}
both() { [ "$(hip_state alice bob)$(hip_state bob alice)" = establishedestablished ]; }

hip_init
hip_host alice; hip_host bob; nl_host mallory
hip_meet alice bob
hip_up alice bob
check "traffic" until_true 5 hip_pings_all alice bob 10
check "established" until_true 5 both
before=$(state alice; state bob)
hip_pinging small alice bob -i 0.02
hip_pinging large bob alice -i 0.02 -s 1398
for pair in "alice bob" "bob alice"; do
	read -r to peer <<<"$pair"
	# From a router on the way, and as if from the peer itself.
	for from in "${NL_IP[$to.eth0]%.*}.1" "${NL_IP[$peer.eth0]}"; do
		check "lies to $to" nl_in mallory "$NL_BIN/liar" "$from" \
			"${NL_IP[$to.eth0]}" "${NL_IP[$peer.eth0]}" 150
	done
done
check "no small ping was lost" hip_pinged small
check "no large ping was lost" hip_pinged large
equal "nothing changed" "$before" "$(state alice; state bob)"
# They were believed by somebody, or this proved nothing.
check "the kernel believed one" eval \
	'nl_in alice ip route get "${NL_IP[bob.eth0]}" | grep -q mtu'
check "TCP" eval 'nl_bg bob "$HIP_DIR/tcp" sh -c "socat -u TCP6-LISTEN:7001 - | wc -c" &&
	until_true 5 eval "[ -n \"\$(nl_in bob ss -Hlnt \"sport = :7001\")\" ]" &&
	head -c 2000000 /dev/zero | nl_in alice timeout 20 socat -u - "TCP6:[${HIP_HIT[bob]}]:7001" &&
	wait $NL_PID && [ "$(cat "$HIP_DIR/tcp")" = 2000000 ]'
hip_end
