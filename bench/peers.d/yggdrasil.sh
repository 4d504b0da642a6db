# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# shellcheck disable=SC1007,SC2034,SC2154 # variables of peers.sh
# Yggdrasil over one TCP peering (its default TUN MTU, 65535; "yggdrasil:1280")
up() {
	local y g n peers listen
	y=$(bin yggdrasil) || return 1
	for n in a b; do
		peers='[]' listen='[]'
		[ $n = a ] && peers="[\"tcp://$B4:9001\"]"
		[ $n = b ] && listen="[\"tcp://$B4:9001\"]"
		"$y" -genconf -json | jq ".Peers=$peers|.Listen=$listen|.MulticastInterfaces=[]|.AdminListen=\"none\"|.IfName=\"pvy$n\"|.IfMTU=${1:-65535}" >"$WORK/y$n.json"
	done
	spawn b "$y" -useconffile "$WORK/yb.json"
	wait_dev b pvyb; sleep .3
	mark
	spawn a "$y" -useconffile "$WORK/ya.json"
	wait_dev a pvya
	TARGET=$("$y" -useconffile "$WORK/yb.json" -address)
}
