# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# shellcheck disable=SC1007,SC2034,SC2154 # variables of peers.sh
# fastd:METHOD (default salsa2012+umac, the one its manual recommends)
up() {
	local f m="${1:-salsa2012+umac}" n k me ip peer
	f=$(bin fastd) || return 1
	local -A sec pub
	for n in a b; do
		k=$("$f" --generate-key --machine-readable 2>/dev/null)
		sec[$n]=$k
		pub[$n]=$(echo "secret \"$k\";" | "$f" --config - --show-key --machine-readable 2>/dev/null)
	done
	for n in b a; do
		if [ $n = a ]; then me=$A4 ip="$TA4 peer $TB4" peer=b; else me=$B4 ip="$TB4 peer $TA4" peer=a; fi
		cat >"$WORK/fastd-$n.conf" <<-E
		mode tun; interface "pvf$n"; method "$m"; mtu $MTU;
		bind $me:10000; secret "${sec[$n]}"; log level warn;
		on up sync "ip addr add $ip dev pvf$n; ip link set pvf$n mtu $MTU up";
		peer "x" { key "${pub[$peer]}"; $([ $n = a ] && echo "remote $B4:10000;") }
		E
		[ $n = a ] && mark
		spawn $n "$f" --config "$WORK/fastd-$n.conf"
		wait_dev $n pvf$n
	done
	TARGET=$TB4
}
