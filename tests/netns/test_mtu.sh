#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Paths that carry less than the links at their ends: black holes, and routers
# that say so. TCP never stalls for 5 s, what is too large is told to who sent
# it, and a path that is larger again is used again (T35).
# Budget: 150 s, long 240 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

mb=4

mtu() { hip_json "$1" ".associations[] | select(.hit == \"${HIP_HIT[$2]}\") | .mtu" peers; }
# mtu_within FROM TO MOST: it is that or a little less.
mtu_within() {
	local now
	now=$(mtu "$1" "$2") && echo "$now" && [ "$now" -le "$3" ] && [ "$now" -ge $(($3 - 32)) ]
}
warns() { hip_json "$1" '[.warnings[].code] | index("small-path") != null' status; }
# transfer FROM TO: so many MB of TCP; ms.
transfer() {
	local start
	start=$(now_ms)
	hip_stream "$1" "$2" 7001 $mb >"$HIP_DIR/transfer.log" 2>&1
	echo $(($(now_ms) - start))
	cmp -s "$HIP_DIR/7001.in" "$HIP_DIR/7001.out" || echo "and wrong"
}
# What the kernels remember of the hosts at the far ends.
forget() {
	local n
	for n in alice bob; do
		nl_in $n ip -6 route flush cache
		nl_in $n ip route flush cache
	done
}
# path WHAT OUTER INNER: associated anew on a path of that MTU.
path() {
	forget
	check "$1: start" hip_again alice bob
	between "$1: ms for $mb MB" 1 5000 "$(transfer alice bob)"
	between "$1: ms for $mb MB back" 1 5000 "$(transfer bob alice)"
	until_true 5 mtu_within alice bob $(($2 - $3))
	between "$1: alice has found out" $(($2 - $3 - 32)) $(($2 - $3)) "$(mtu alice bob)"
	until_true 5 mtu_within bob alice $(($2 - $3))
	between "$1: bob has found out" $(($2 - $3 - 32)) $(($2 - $3)) "$(mtu bob alice)"
}

# stalls FROM TO ms: the longest time in which nothing of a stream arrived that
# runs for so long, while CHANGE is done in its midst.
stalls() {
	local from=$1 to=$2 ms=$3 change=$4 start now last=0 size=0 was=0 longest=0
	nl_bg "$to" "$HIP_DIR/stream" socat -u "TCP6-LISTEN:7003,bind=[${HIP_HIT[$to]}]" -
	until_true 5 hip_listens "$to" 7003
	nl_bg "$from" /dev/null timeout $((ms / 1000)) sh -c \
		"while head -c 20000 /dev/zero; do sleep 0.05; done |
		socat -u - 'TCP6:[${HIP_HIT[$to]}]:7003'"
	start=$(now_ms) last=$start
	while now=$(now_ms) && [ $((now - start)) -lt "$ms" ]; do
		size=$(stat -c %s "$HIP_DIR/stream")
		[ "$size" = "$was" ] || { was=$size; last=$now; }
		[ $((now - last)) -le $longest ] || longest=$((now - last))
		[ $((now - start)) -lt 2000 ] || { $change; change=:; }
	done
	echo $longest
}

hip_init
hip_host alice; hip_host bob
hip_meet alice bob
hip_up alice bob
whole=$(hip_json alice .mtu status)

for family in 4 6; do
	HIP_FAMILY=$family
	[ $family = 4 ] && over=22 || over=42
	HIP_PEERS=([alice]='' [bob]='')
	hip_meet alice bob
	for outer in 1400 1280; do
		nl_impair alice eth0 mtu=$outer
		path "IPv$family, black hole of $outer" $outer $over
		nl_impair alice eth0
	done
	nl_mtu bob eth0 1400
	path "IPv$family, honest link of 1400" 1400 $over
	nl_mtu bob eth0 1500
done

HIP_FAMILY=4
HIP_PEERS=([alice]='' [bob]='')
hip_meet alice bob
forget
check "start" hip_again alice bob
shrink() { nl_impair alice eth0 mtu=1350; }
between "a path that shrinks: ms without anything" 1 5000 "$(stalls alice bob 9000 shrink)"
between "  MTU inside then" 1286 1328 "$(mtu alice bob)"

# Elsewhere it is another path, and what was found out is no more.
nl_move alice && nl_mtu alice eth0 1500
moved() { hip_pings_all alice bob 3 -s 1300 && mtu_within alice bob "$whole"; }
check "a path that is whole after a move" until_true 20 moved

nl_impair bob eth0 mtu=700
big() { hip_ping alice bob -c 2 -i 0.2 -W 2 -s 1232 && hip_ping bob alice -c 2 -i 0.2 -W 2 -s 1232; }
check "IPv4, black hole of 700: packets of 1,280 bytes pass, in fragments" until_true 20 big
equal "  MTU inside" 554 "$(mtu alice bob)"
equal "  there is a warning" true "$(warns alice)"
check "  TCP" transfer alice bob
hip_end
