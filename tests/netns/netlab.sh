#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# netlab.sh - hosts, NATs and bad wires in network namespaces.
#
# Source it and call the nl_ functions (test_netlab.sh proves that every piece
# behaves as labelled), or run it:
#   netlab.sh down TAG        remove what a killed script left behind
# Needs root, iproute2, nftables, conntrack, ethtool; see README.md.
# Nothing here has a route out of the namespaces it makes.

# Where impair and natprobe were built; only bad wires and NAT probes need it.
NL_BIN=${NL_BIN:-${HIP_BUILD:-$PWD}/tests/netns}

nl_die() { echo "netlab: $*" >&2; return 1; }

# nl_init TAG: start a lab.  TAG (1 to 6 letters or digits) is in the name of
# every namespace; two labs with different tags do not touch each other.
nl_init() {
	[[ $1 =~ ^[a-z0-9]{1,6}$ ]] || { nl_die "bad tag '$1'"; return; }
	NL_TAG=$1
	ip netns list | grep -q "^$NL_TAG-" &&
		{ nl_die "tag '$1' is in use: netlab.sh down $1"; return; }
	NL_STATE=$(mktemp -d "/tmp/netlab.$NL_TAG.XXXXXX") || return
	NL_NEXT=0
	declare -gA NL_NET=() NL_IP=() NL_IP6=() NL_KIND=() NL_SEED=() NL_LAN=() NL_GEN=()
	nl_node inet                # the core router, "the internet"
	nl_in inet sysctl -qw net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1
}

# nl_down: end every process started by nl_bg and nl_impair, remove all.
nl_down() {
	local pid ns
	[ -n "${NL_TAG:-}" ] || return 0
	for ns in $(ip netns list | awk -v t="$NL_TAG-" 'index($1, t) == 1 { print $1 }'); do
		for pid in $(ip netns pids "$ns"); do kill "$pid" 2>/dev/null; done
	done
	for ns in $(ip netns list | awk -v t="$NL_TAG-" 'index($1, t) == 1 { print $1 }'); do
		for pid in $(ip netns pids "$ns"); do
			for _ in 1 2 3 4 5 6 7 8 9 10; do
				kill -0 "$pid" 2>/dev/null || break
				sleep 0.05
			done
			kill -9 "$pid" 2>/dev/null
		done
		ip netns del "$ns"
	done
	[ -n "${NL_STATE:-}" ] && rm -rf "$NL_STATE"
	NL_TAG=
}

# nl_in NODE CMD...: run CMD in NODE (in the foreground).
nl_in() { local n=$1; shift; ip netns exec "$NL_TAG-$n" "$@"; }

# nl_bg NODE LOG CMD...: run CMD in NODE in the background; its pid is NL_PID.
nl_bg() {
	local n=$1 log=$2; shift 2
	ip netns exec "$NL_TAG-$n" "$@" >"$log" 2>&1 </dev/null &
	# shellcheck disable=SC2034  # for the caller
	NL_PID=$!
}

# nl_node NAME: an empty namespace.
nl_node() {
	ip netns add "$NL_TAG-$1" || return
	nl_in "$1" sysctl -qw net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=0 \
		net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
		net.ipv4.icmp_ratelimit=0
	ip -n "$NL_TAG-$1" link set lo up
}

# nl_wire A IFA B IFB: a cable between two nodes.  It runs through a node of
# its own (w-A-IFA) that is a plain bridge until nl_impair makes it bad.
# With NL_FAST=1 the cable is one veth pair, with offloads, and cannot be
# impaired: for throughput measurements.
nl_wire() {
	local a=$1 ia=$2 b=$3 ib=$4 w="w-$1-$2" end
	if [ "${NL_FAST:-0}" = 1 ]; then
		ip -n "$NL_TAG-$a" link add "$ia" type veth peer name "$ib" netns "$NL_TAG-$b" || return
	else
		nl_node "$w" || return
		ip -n "$NL_TAG-$w" link add wa type veth peer name "$ia" netns "$NL_TAG-$a" || return
		ip -n "$NL_TAG-$w" link add wb type veth peer name "$ib" netns "$NL_TAG-$b" || return
		ip -n "$NL_TAG-$w" link add name cable type bridge stp_state 0 mcast_snooping 0
		# Real frames only: checksums done, nothing merged.
		for end in wa wb; do
			nl_in "$w" ethtool -K $end tx off tso off gso off gro off >/dev/null 2>&1
			ip -n "$NL_TAG-$w" link set $end master cable up
		done
		nl_in "$a" ethtool -K "$ia" tx off tso off gso off gro off >/dev/null 2>&1
		nl_in "$b" ethtool -K "$ib" tx off tso off gso off gro off >/dev/null 2>&1
		ip -n "$NL_TAG-$w" link set cable up
	fi
	ip -n "$NL_TAG-$a" link set "$ia" up
	ip -n "$NL_TAG-$b" link set "$ib" up
}

# nl_impair NODE IF [ab.|ba.]KEY=VALUE...: make NODE's cable IF bad, or change
# how bad it is.  ab is from NODE to the far end.  Each call starts from a
# clean wire.  nl_impair NODE IF alone makes it clean again (still relayed).
# NL_SEED_WIRE sets the seed (default 1) of a wire's first call.
nl_impair() {
	local w="w-$1-$2" ctl="$NL_STATE/$1-$2.ctl"; shift 2
	if [ ! -S "$ctl" ]; then
		ip -n "$NL_TAG-$w" link set wa nomaster
		ip -n "$NL_TAG-$w" link set wb nomaster
		ip -n "$NL_TAG-$w" link set cable down
		nl_bg "$w" "$NL_STATE/$w.log" "$NL_BIN/impair" -c "$ctl" \
			-s "${NL_SEED_WIRE:-1}" -t "${NL_WIRE_SECONDS:-3600}" wa wb
		for _ in $(seq 100); do [ -S "$ctl" ] && break; sleep 0.02; done
	fi
	"$NL_BIN/impair" -C "$ctl" clear "$@" >"$NL_STATE/ctl.out" ||
		{ nl_die "impair: $(cat "$NL_STATE/ctl.out" "$NL_STATE/$w.log")"; return; }
}

# nl_wirestats NODE IF: counters of an impaired cable.
nl_wirestats() { "$NL_BIN/impair" -C "$NL_STATE/$1-$2.ctl" stats; }

# nl_uplink NODE IF [UP]: connect NODE's IF to UP (default inet) and give it
# an address there.  Sets NL_IP[NODE.IF], NL_IP6[NODE.IF], NL_GW.
nl_uplink() {
	local n=$1 i=$2 up=${3:-inet} k
	k=$((++NL_NEXT))
	[ $k -lt 250 ] || { nl_die "too many networks"; return; }
	case $up in
	inet) # 198.18.0.0/15 and 2001:db8::/32 are set aside for tests
		nl_wire "$n" "$i" inet "c$k" || return
		ip -n "$NL_TAG-inet" addr add "198.18.$k.1/24" dev "c$k"
		ip -n "$NL_TAG-inet" addr add "2001:db8:$(printf %x $k)::1/64" dev "c$k" nodad
		NL_IP[$n.$i]="198.18.$k.2" NL_GW="198.18.$k.1"
		NL_IP6[$n.$i]="2001:db8:$(printf %x $k)::2"
		ip -n "$NL_TAG-$n" addr add "${NL_IP6[$n.$i]}/64" dev "$i" nodad ;;
	*)    # behind a NAT: the NAT's LAN bridge
		nl_wire "$n" "$i" "$up" "l$k" || return
		ip -n "$NL_TAG-$up" link set "l$k" master lan
		NL_IP[$n.$i]="${NL_LAN[$up]}.$((9 + k))" NL_GW="${NL_LAN[$up]}.1" ;;
	esac
	NL_NET[$n.$i]="c$k"
	ip -n "$NL_TAG-$n" addr add "${NL_IP[$n.$i]}/24" dev "$i"
}

# nl_defroute NODE IF GW: default routes through one uplink.
nl_defroute() {
	ip -n "$NL_TAG-$1" route replace default via "$3" dev "$2"
	[ -z "${NL_IP6[$1.$2]:-}" ] ||
		ip -n "$NL_TAG-$1" -6 route replace default via "${NL_IP6[$1.$2]%2}1" dev "$2"
}

# nl_host NAME [UP]: a host with one uplink, eth0.  Its address: ${NL_IP[NAME.eth0]}
nl_host() { nl_node "$1" && nl_uplink "$1" eth0 "${2:-inet}" && nl_defroute "$1" eth0 "$NL_GW"; }

# nl_second_uplink HOST IF [UP]: multihoming.  Packets from each address leave
# through its own uplink (policy routing); the default route stays as it was.
nl_second_uplink() {
	local t; nl_uplink "$1" "$2" "${3:-inet}" || return
	t=$((100 + NL_NEXT))
	ip -n "$NL_TAG-$1" route add default via "$NL_GW" dev "$2" table $t
	ip -n "$NL_TAG-$1" rule add from "${NL_IP[$1.$2]}" table $t
	ip -n "$NL_TAG-$1" route add default via "$NL_GW" dev "$2" metric 1000
	if [ -n "${NL_IP6[$1.$2]:-}" ]; then
		ip -n "$NL_TAG-$1" -6 route add default via "${NL_IP6[$1.$2]%2}1" dev "$2" table $t
		ip -n "$NL_TAG-$1" -6 rule add from "${NL_IP6[$1.$2]}" table $t
	fi
}

# nl_unplug NODE IF: the cable is gone, and with it the interface.
nl_unplug() {
	local w="w-$1-$2"
	[ -S "$NL_STATE/$1-$2.ctl" ] && "$NL_BIN/impair" -C "$NL_STATE/$1-$2.ctl" quit >/dev/null
	ip -n "$NL_TAG-$1" link del "$2"
	[ "${NL_FAST:-0}" = 1 ] || ip netns del "$NL_TAG-$w"
	unset "NL_IP[$1.$2]" "NL_IP6[$1.$2]"
}

# nl_move HOST [UP]: mobility, break before make: eth0 is unplugged and comes
# back in another network with another address.
nl_move() {
	nl_unplug "$1" eth0 || return
	sleep "${NL_MOVE_GAP:-0}"
	nl_uplink "$1" eth0 "${2:-inet}" && nl_defroute "$1" eth0 "$NL_GW"
}

# nl_nat NAME KIND [UP]: a NAT (or firewall) router; hosts are put behind it
# with nl_host HOST NAME.  KIND:
#   full       mapping endpoint-independent, filtering endpoint-independent
#   addr       mapping endpoint-independent, filtering address-dependent
#   port       mapping endpoint-independent, filtering address-and-port-dep.
#   sym        mapping and filtering address-and-port-dependent, random ports
#   linux      plain masquerade: keeps the port if free (behaves like port);
#              answers unsolicited UDP with ICMP port unreachable
#   noudp      masquerade that lets no UDP through but DNS to port 53
# NL_UDP_TIMEOUT (seconds, default 30) is the life of an idle mapping.
nl_nat() {
	local n=$1 kind=$2 up=${3:-inet} t=${NL_UDP_TIMEOUT:-30}
	nl_node "$n" && nl_uplink "$n" wan "$up" && nl_defroute "$n" wan "$NL_GW" || return
	ip -n "$NL_TAG-$n" -6 addr flush dev wan scope global 2>/dev/null
	unset "NL_IP6[$n.wan]"
	# the LAN: 100.64.x (carrier) if another NAT may sit behind, else 192.168.x
	case $kind in cgn-*) kind=${kind#cgn-}; NL_LAN[$n]="100.64.$NL_NEXT" ;;
	*) NL_LAN[$n]="192.168.$NL_NEXT" ;; esac
	ip -n "$NL_TAG-$n" link add name lan type bridge stp_state 0 mcast_snooping 0
	ip -n "$NL_TAG-$n" addr add "${NL_LAN[$n]}.1/24" dev lan
	ip -n "$NL_TAG-$n" link set lan up
	NL_KIND[$n]=$kind NL_SEED[$n]=$((0x1000 + NL_NEXT)) NL_GEN[$n]=0
	nl_in "$n" sysctl -qw net.ipv4.ip_forward=1 \
		net.netfilter.nf_conntrack_udp_timeout="$t" \
		net.netfilter.nf_conntrack_udp_timeout_stream="$t"
	nl_nat_rules "$n"
}

nl_nat_rules() {
	local n=$1 ip=${NL_IP[$1.wan]} s=${NL_SEED[$1]} t=${NL_UDP_TIMEOUT:-30}
	# The outside port depends on the inside address and port alone (and on
	# the seed, for nl_rebind): that is endpoint-independent mapping.
	local port="jhash ip saddr . udp sport mod 65535 seed $s offset 1"
	local back='' out='' guard='' block=''
	guard='iifname "wan" meta l4proto udp drop'
	case ${NL_KIND[$n]} in
	full) back='iifname "wan" dnat ip to udp dport map @inport' ;;
	addr) back='iifname "wan" udp dport . ip saddr @peer dnat ip to udp dport map @inport' ;;
	esac
	case ${NL_KIND[$n]} in
	full|addr|port) out="oifname wan meta l4proto udp snat ip to $ip : $port" ;;
	sym) out="oifname wan meta l4proto udp masquerade to :20000-60000 random,fully-random" ;;
	linux) guard=
		[ "${NL_GEN[$n]}" -gt 0 ] && out="oifname wan meta l4proto udp masquerade to :$((20000 + NL_GEN[$n] * 100))-$((20099 + NL_GEN[$n] * 100))" ;;
	noudp) block='meta l4proto udp udp dport != 53 drop' ;;
	*) nl_die "unknown kind of NAT '${NL_KIND[$n]}'"; return ;;
	esac
	# Rules first, flush second: no packet makes a mapping by old rules.
	nl_in "$n" nft -f - <<-RULES
	table ip nl
	delete table ip nl
	table ip nl {
		map inport { type inet_service : ipv4_addr . inet_service; flags dynamic,timeout; timeout ${t}s; size 65536; }
		set peer { type inet_service . ipv4_addr; flags dynamic,timeout; timeout ${t}s; size 65536; }
		chain nl_pre { type nat hook prerouting priority dstnat; $back
		}
		chain nl_fwd { type filter hook forward priority filter; $block
			iifname "wan" ct status dnat accept
			iifname "wan" ct state new drop
		}
		chain nl_in { type filter hook input priority filter; $guard
		}
		chain nl_post { type nat hook postrouting priority srcnat; $out
			oifname "wan" masquerade
		}
		chain nl_learn { type filter hook postrouting priority 150;
			oifname != "wan" accept
			meta l4proto != udp accept
			update @peer { udp sport . ip daddr }
			ct direction original update @inport { udp sport : ct original ip saddr . ct original proto-src }
			ct direction reply update @inport { udp sport : ct reply ip saddr . ct reply proto-src }
		}
	}
	RULES
	nl_in "$n" conntrack -F >/dev/null 2>&1
	return 0
}

# nl_rebind NAT: the NAT forgets all mappings and gives new outside ports,
# as one that was restarted or ran out of table space.
nl_rebind() { NL_SEED[$1]=$((NL_SEED[$1] + 7919)); NL_GEN[$1]=$((NL_GEN[$1] + 1)); nl_nat_rules "$1"; }

# nl_renumber NAT: the NAT gets another outside address as well.
nl_renumber() {
	local old=${NL_IP[$1.wan]} new=${NL_IP[$1.wan]%.*}.$((${NL_IP[$1.wan]##*.} + 1))
	ip -n "$NL_TAG-$1" addr del "$old/24" dev wan
	ip -n "$NL_TAG-$1" addr add "$new/24" dev wan
	NL_IP[$1.wan]=$new
	ip -n "$NL_TAG-$1" route replace default via "${new%.*}.1" dev wan
	nl_rebind "$1"
}

# nl_cut 'A...' 'B...': nothing passes between the hosts of these two lists any
# more, by the cables eth0 that they have to the core router.
nl_cut() {
	local n a='' b=''
	for n in $1; do a+="\"${NL_NET[$n.eth0]}\", "; done
	for n in $2; do b+="\"${NL_NET[$n.eth0]}\", "; done
	nl_in inet nft -f - <<-RULES
	table inet nl_cut
	delete table inet nl_cut
	table inet nl_cut {
		chain nl_between { type filter hook forward priority filter;
			iifname { ${a%, } } oifname { ${b%, } } drop
			iifname { ${b%, } } oifname { ${a%, } } drop
		}
	}
	RULES
}

# nl_mend: what nl_cut did is over.
nl_mend() { nl_in inet nft delete table inet nl_cut; }

# nl_mtu NODE IF MTU: an honest small link at the far (router) side: packets
# too big to come in are answered with ICMP.  A dishonest one (black hole):
# nl_impair NODE IF mtu=MTU.
nl_mtu() {
	ip -n "$NL_TAG-inet" link set "${NL_NET[$1.$2]}" mtu "$3"
	ip -n "$NL_TAG-$1" link set "$2" mtu "$3"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	case ${1:-} in
	down) [[ ${2:-} =~ ^[a-z0-9]{1,6}$ ]] && NL_TAG=$2 && NL_STATE= && nl_down ;;
	*) sed -n '3,9s/^# \{0,1\}//p' "$0"; exit 2 ;;
	esac
fi
