#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# kill -9 of either daemon while packets pass, whoever speaks; peers that were
# heard before the crash; an address that changes; two addresses of a host.
# Budget: 150 s, long 1800 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

rounds=1
[ "${HIP_LONG:-0}" = 0 ] || rounds=17

pings() { hip_ping "$1" "$2" -c 1 -W 1; }
established() { [ "$(hip_state "$1" "$2")" = established ]; }
# keeps_sending FROM TO: 20 packets/s from now on; its pid in SENDER.
keeps_sending() {
	ip netns exec "$NL_TAG-$1" ping -q -i 0.05 "${HIP_HIT[$2]}" >/dev/null 2>&1 &
	SENDERS+=($!)
}
stop_sending() {
	kill "${SENDERS[@]}"
	wait "${SENDERS[@]}" 2>/dev/null
	SENDERS=()
}
# inbound NAME: packets that its associations took in.
inbound() { hip_json "$1" '[.associations[].packets_in] | add' peers; }
took_more() { [ "$(inbound "$1")" -gt "$2" ]; }

# killed VICTIM... -- SENDER...: under packets of the senders; both victims at
# once where there are two.
killed() {
	local victims=() n start a b
	while [ "$1" != -- ]; do victims+=("$1"); shift; done
	shift
	SENDERS=()
	check "  traffic before" until_true 5 pings alice bob
	for n; do
		if [ "$n" = alice ]; then keeps_sending alice bob
		else keeps_sending bob alice; fi
	done
	sleep 1.2 # the locator is on the disk
	for n in "${victims[@]}"; do hip_kill "$n"; done
	sleep 1.5
	for n in "${victims[@]}"; do hip_start "$n"; done
	start=$(now_ms)
	for n in "${victims[@]}"; do hip_ready "$n"; done
	a=$(inbound alice) b=$(inbound bob)
	# What a victim has counted may have come since it started, and counts.
	[[ " ${victims[*]} " != *" alice "* ]] || a=0
	[[ " ${victims[*]} " != *" bob "* ]] || b=0
	if until_true 5 took_more alice "$a" && until_true 5 took_more bob "$b"; then
		between "${victims[*]} killed, $* sends: ms" 0 5000 $(($(now_ms) - start))
	else
		fail "${victims[*]} killed, $* sends: nothing within 5 s"
	fi
	stop_sending
}

hip_init
hip_host alice; hip_host bob
hip_meet alice bob
hip_up alice bob
hit=$(hip_json alice .hit id)
for _ in $(seq $rounds); do
	for victim in alice bob; do
		killed $victim -- alice
		killed $victim -- bob
		killed $victim -- alice bob
	done
	killed alice bob -- alice
	killed alice bob -- alice bob
done
equal "the HIT is the same" "$hit" "$(hip_json alice .hit id)"

# Nobody says a word: who has crashed comes by itself.
check "traffic" until_true 5 pings alice bob
sleep 1.2
hip_kill alice
hip_up alice
check "associated again, without a packet" until_true 5 established alice bob
# In good order as well, as long as it is not old.
hip_stop alice; hip_up alice
check "after a stop, too" until_true 5 established alice bob
hip alice close all
sleep 5.2
hip_stop alice; hip_up alice
sleep 1
equal "but not what was closed" '' "$(hip_state alice bob)"

# Two uplinks: the answer leaves by the address that was asked.
nl_second_uplink alice eth1
HIP_PEERS[bob]=''
hip_knows bob alice "${NL_IP[alice.eth1]}:10500"
hip_stop alice bob
hip_up alice bob
check "bob asks the second address" until_true 5 pings bob alice
equal "alice's path" "${NL_IP[alice.eth1]}:10500" \
	"$(hip_json alice '.associations[0].path.local' peers)"
HIP_PEERS[bob]=''
hip_knows bob alice
hip bob close all
sleep 5.2 # forgotten on the disk, too
hip_stop bob
hip_up bob
check "bob asks the first address" until_true 5 pings bob alice
equal "alice's path" "${NL_IP[alice.eth0]}:10500" \
	"$(hip_json alice '.associations[0].path.local' peers)"

# Another network under traffic: no ESP packet moves the path, the probe finds
# out and a new exchange makes it.
SENDERS=()
keeps_sending alice bob
sleep 1
nl_move alice
start=$(now_ms)
before=$(inbound alice)
check "traffic from another network within 10 s" until_true 10 took_more alice "$before"
echo "     after $(($(now_ms) - start)) ms"
equal "bob knows the place" "${NL_IP[alice.eth0]}:10500" \
	"$(hip_json bob '.associations[0].path.remote' peers)"
stop_sending
hip_end
