#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# peers.sh - measure userspace VPNs side by side on one machine.
#
#   peers.sh [-r ROUNDS] [-t TCP_SECONDS] [-m TEST]... [-o OUT.csv] [-R ROOT]
#            [-s] TUNNEL...
#
# Two network namespaces, pv-a and pv-b, are joined by a veth pair; for each
# TUNNEL in turn its daemon is started in both, measured and ended, and the
# whole list is gone through ROUNDS times, so that what the machine does
# meanwhile hits every tunnel alike.  A TUNNEL is NAME or NAME:ARG:ARG, where
# peers.d/NAME.sh defines
#
#   up ARG...   starts the tunnel: 'spawn a|b CMD...' runs a daemon, 'mark'
#               says "from here on set-up time counts", 'in_ns a|b CMD...'
#               runs a command; it sets TARGET, B's address in the tunnel
#   down        (optional) undoes what ending the daemons does not
#
# ROOT is a directory to look for the daemons in before the system's own.
# TEST is one of ping tcp1 tcp4 udp160 udp1200 voip wire flood pingload; without
# -m all are done. -s only prints the table of an earlier OUT.csv.  Needs root,
# iproute2, ethtool, iperf3, jq, tcpdump, cc.
#
# Memory is the peak resident size of all of a tunnel's processes, mean of both
# ends: rss_mib since their start, rss_load_mib from 1.5 s after that on, while
# traffic runs.
#
# shellcheck disable=SC1007,SC1090,SC2034 # peers.d uses what is set here
set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
rounds=3 secs=10 out=peers.csv ROOT= only= tests=
while getopts r:t:m:o:R:s o; do
	case $o in
	r) rounds=$OPTARG ;;
	t) secs=$OPTARG ;;
	m) tests+=" $OPTARG" ;;
	o) out=$OPTARG ;;
	R) ROOT=$OPTARG ;;
	s) only=1 ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))

A4=10.231.0.1 B4=10.231.0.2 TA4=10.232.0.1 TB4=10.232.0.2 MTU=${MTU:-1400} CC=${CC:-cubic} TRIES=${TRIES:-3}
WORK=$(mktemp -d) PIDS=() MARK=0 TARGET= NS=
trap 'cleanup; [ -n "$NS" ] && ns_del; rm -rf "$WORK"' EXIT
trap 'exit 130' INT TERM

in_ns() { local n=$1; shift; ip netns exec "pv-$n" "$@"; }
spawn() {
	local n=$1; shift
	ip netns exec "pv-$n" "$@" >>"$WORK/$n.log" 2>&1 </dev/null &
	PIDS+=($!)
}
mark() { MARK=$(date +%s%N); }
bin() { # the path of a daemon: under ROOT if it is there
	local d
	for d in usr/local/sbin usr/local/bin usr/sbin usr/bin; do
		[ -n "$ROOT" ] && [ -x "$ROOT/$d/$1" ] && { echo "$ROOT/$d/$1"; return; }
	done
	command -v "$1" || { echo "no $1" >&2; return 1; }
}
wait_dev() { # ns dev
	local i
	for ((i = 0; i < 2000; i++)); do
		in_ns "$1" test -e "/sys/class/net/$2" && return 0
		sleep .002
	done
	return 1
}
wait_for() { # a condition, tried for at most ten seconds
	local i
	for ((i = 0; i < 1000; i++)); do "$@" >/dev/null 2>&1 && return 0; sleep .01; done
	return 1
}
addr() { # ns dev local peer: address and link of a TUN
	in_ns "$1" sh -c "ip link set $2 mtu $MTU up; ip addr add $3 peer $4 dev $2"
}
descend() { # a process and all below it
	local p
	echo "$1"
	for p in $(cat /proc/"$1"/task/*/children 2>/dev/null); do descend "$p"; done
}
all_pids() { local p; for p in "${PIDS[@]}"; do descend "$p"; done | sort -un; }
cleanup() {
	local p l
	[ ${#PIDS[@]} -gt 0 ] && l=$(all_pids) && for p in $l; do kill "$p" 2>/dev/null; done
	sleep .3
	for p in ${l-}; do kill -9 "$p" 2>/dev/null; done
	for p in "${PIDS[@]}"; do wait "$p" 2>/dev/null; done
	PIDS=()
}
ns_del() { for n in a b; do ip netns del pv-$n 2>/dev/null; done; }
ns_add() {
	ns_del; NS=1
	ip netns add pv-a && ip netns add pv-b || exit 1
	ip link add pva0 netns pv-a type veth peer name pvb0 netns pv-b
	for n in a b; do
		in_ns $n sh -c 'ip link set lo up
		sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv6.conf.all.accept_dad=0'
	done
	in_ns a sh -c "ip addr add $A4/24 dev pva0; ip link set pva0 up"
	in_ns b sh -c "ip addr add $B4/24 dev pvb0; ip link set pvb0 up"
}

# CPU ticks used by the daemons; then by the whole machine.
ticks() {
	local p t=0 v
	for p in $(all_pids); do
		v=$(sed 's/.*) //' /proc/"$p"/stat 2>/dev/null | awk '{print $12+$13}')
		t=$((t + ${v:-0}))
	done
	echo "$t $(awk '/^cpu /{print $2+$3+$4+$7+$8}' /proc/stat)"
}
rss() { # MiB resident, the mean of both ends
	local p t=0 v
	for p in $(all_pids); do
		v=$(awk '/^VmHWM/{print $2}' /proc/"$p"/status 2>/dev/null)
		t=$((t + ${v:-0}))
	done
	awk "BEGIN{printf \"%.1f\", $t/2048}"
}
# The share of the machine's time that its host took away, since $1 (as
# 'stolen' printed it); a virtual machine's neighbours make it.
stolen() { awk '/^cpu /{print $9, $2+$3+$4+$5+$6+$7+$8+$9}' /proc/stat; }
share() { echo "$1 $(stolen)" | awk '{d=$4-$2; printf "%.4f", (d>0) ? ($3-$1)/d : 0}'; }
put() { echo "$round,$name,$1,$2,${3-0}" >>"$out"; }
# try NAME CMD...: CMD's line as NAME=VALUE pairs or one value; done anew, at
# most TRIES times, while more than 2 % was stolen meanwhile; the calmest counts.
try() {
	local m=$1 t s0 sh best=2 v keep= w
	shift
	for ((t = 0; t < TRIES; t++)); do
		s0=$(stolen); v=$("$@"); sh=$(share "$s0")
		awk "BEGIN{exit !($sh<$best)}" && best=$sh keep=$v
		awk "BEGIN{exit !($sh<.02)}" && break
	done
	for w in $keep; do
		case $w in
		*=*) put "${w%%=*}" "${w#*=}" "$best" ;;
		*) put "$m" "$w" "$best" ;;
		esac
	done
}
median() { sort -g | awk '{a[NR]=$1}END{if(NR)printf "%.4g\n",NR%2?a[(NR+1)/2]:(a[NR/2]+a[NR/2+1])/2;else print "nan"}'; }
iperf() { in_ns a timeout $((secs + 20)) iperf3 -c "$TARGET" -J -C "$CC" "$@" 2>/dev/null; }

t_ping() { in_ns a "$WORK/upps" ping "$TARGET" 200 5 | median; }
t_tcp1() {
	local c0 c1 m0 m1 j b
	read -r c0 m0 < <(ticks)
	j=$(iperf -t "$secs")
	read -r c1 m1 < <(ticks)
	b=$(jq -r '.end.sum_received.bytes // 0' <<<"$j")
	awk "BEGIN{g=$b/1e9; printf \"tcp1_gbps=%.4f\", $(jq -r '.end.sum_received.bits_per_second // 0' <<<"$j")/1e9
		if(g) printf \" cpu_s_per_gb=%.3f machine_s_per_gb=%.3f\",($c1-$c0)/100/g,($m1-$m0)/100/g}"
}
t_tcp4() { iperf -t $(((secs + 1) / 2)) -P 4 | jq -r '(.end.sum_received.bits_per_second // 0)/1e9'; }
t_find() { in_ns a timeout 60 "$WORK/upps" find "$TARGET" 7000 "$1" 250 | awk '{print $1/1e3}'; }
t_voip() {
	local c0 c1 m0 m1 v
	read -r c0 m0 < <(ticks)
	v=$(in_ns a timeout 20 "$WORK/upps" send "$TARGET" 7000 160 50000 1500 | awk '{print $6*100}')
	read -r c1 m1 < <(ticks)
	echo "voip50k_lost_pct=${v:-nan} voip50k_cores=$(awk "BEGIN{print ($c1-$c0)/100/1.56}")"
}
# Of RTP with 160 bytes of speech: the outer IP packets, most of which are alike.
t_wire() {
	local dump
	ip netns exec pv-a tcpdump -n -v -U -i pva0 -Q out "src $A4" \
		>"$WORK/wire" 2>"$WORK/wire.log" &
	dump=$!
	wait_for grep -q listening "$WORK/wire.log"
	in_ns a timeout 20 "$WORK/upps" send "$TARGET" 7000 172 200 1000 >/dev/null
	kill -INT $dump; wait $dump
	sed -n 's/.* proto UDP (17), length \([0-9]*\))$/\1/p' "$WORK/wire" |
		sort | uniq -c | sort -n | awk 'END { print $2 ? $2 : "nan" }'
}
t_flood() { in_ns a timeout 20 "$WORK/upps" send "$TARGET" 7000 160 0 1000 | awk '{print $4/1e3}'; }
t_pingload() {
	local bg
	iperf -t 2 >/dev/null &
	bg=$!
	sleep .6
	in_ns a "$WORK/upps" ping "$TARGET" 200 5 | median
	wait $bg
}
measure() {
	local p t
	sleep 1.5
	put rss_mib "$(rss)"
	# "5" makes the present size the peak: proc(5).
	for p in $(all_pids); do echo 5 >/proc/"$p"/clear_refs; done
	in_ns b iperf3 -s >/dev/null 2>&1 & local srv=$!
	in_ns b "$WORK/upps" recv 7000 >/dev/null 2>&1 & local rcv=$!
	sleep .3
	for t in ${tests:-ping tcp1 tcp4 udp160 udp1200 voip wire flood pingload}; do
		case $t in
		ping) try ping_us t_ping ;;
		tcp1) try tcp1 t_tcp1 ;;
		tcp4) try tcp4_gbps t_tcp4 ;;
		udp160) try udp160_kpps t_find 160 ;;
		udp1200) try udp1200_kpps t_find 1200 ;;
		voip) try voip t_voip ;;
		wire) try wire_bytes t_wire ;;
		flood) try flood160_kpps t_flood ;;
		pingload) try ping_load_us t_pingload ;;
		*) echo "no test $t" >&2 ;;
		esac
	done
	put rss_load_mib "$(rss)"
	for p in $(descend $srv) $(descend $rcv); do kill "$p" 2>/dev/null; done
	wait $srv $rcv 2>/dev/null
}
# One metric's values for one tunnel: those measured in calm (under 2 % of the
# machine stolen) if there are any, else all of them.
values() {
	awk -F, -v t="$1" -v m="$2" '$2==t&&$3==m&&$4!="nan"{if($5<.02)c[++n]=$4;a[++k]=$4}
		END{if(n)for(i=1;i<=n;i++)print c[i];else for(i=1;i<=k;i++)print a[i]}' "$out"
}

table() {
	local ms="tcp1_gbps tcp4_gbps udp160_kpps udp1200_kpps flood160_kpps voip50k_lost_pct voip50k_cores wire_bytes ping_us ping_load_us cpu_s_per_gb machine_s_per_gb rss_mib rss_load_mib setup_ms first_ms"
	local t m
	printf '%-22s' tunnel; printf ' %11s' $ms | sed 's/voip50k/v50k/g; s/machine_s_per/mach_s_per/g'; echo
	for t in $(cut -d, -f2 "$out" | awk '!s[$0]++'); do
		printf '%-22s' "$t"
		for m in $ms; do
			printf ' %11s' "$(values "$t" "$m" | median)"
		done
		echo
	done
	echo
	echo "ratio to bare, to null:gso:mb128, and to the best real peer (not bare*,"
	echo "null*, hip*)"
	for m in tcp1_gbps tcp4_gbps udp160_kpps udp1200_kpps flood160_kpps ping_us ping_load_us cpu_s_per_gb; do
		for t in $(cut -d, -f2 "$out" | awk '!s[$0]++'); do
			echo "$t $(values "$t" "$m" | median)"
		done | awk -v m="$m" '{v[$1]=$2;o[NR]=$1;if($1!~/^(bare|null|hip)/&&$2!="nan"&&$2>0){
			lo=(m~/ping|cpu/);if(!b||(lo&&$2<b)||(!lo&&$2>b))b=$2}}
			END{for(i=1;i<=NR;i++)printf "%-14s %-22s bare %6s  null %6s  best %6s\n",m,o[i],
			(v["bare"]>0)?sprintf("%.3f",v[o[i]]/v["bare"]):"-",
			(v["null:gso:mb128"]>0)?sprintf("%.2f",v[o[i]]/v["null:gso:mb128"]):"-",b?sprintf("%.2f",v[o[i]]/b):"-"}'
	done
}

main() {
	[ -n "$only" ] && { table; exit; }
	[ $# -gt 0 ] || { sed -n '2,28p' "$0"; exit 2; }
	exec 9>"${TMPDIR:-/tmp}/pv-peers.lock"
	flock -n 9 || { echo "another run is under way" >&2; exit 1; }
	cc -O2 -o "$WORK/upps" "$here/upps.c" || exit 1
	for ((round = 1; round <= rounds; round++)); do
		for name in "$@"; do
			one "$name" 9>&-
		done
	done
	table
}
one() {
	local args f
	IFS=: read -r -a args <<<"$1"
	unset -f up down
	. "$here/peers.d/${args[0]}.sh" || return
	ns_add
	rm -f "$WORK"/*.log
	TARGET= MARK=0
	if up "${args[@]:1}" && [ -n "$TARGET" ] &&
	    f=$(in_ns a timeout 30 "$WORK/upps" first "$TARGET" 20000); then
		[ "$MARK" -gt 0 ] && put setup_ms "$((($(date +%s%N) - MARK) / 1000000))"
		put first_ms "$f"
		[ -n "${SMOKE-}" ] || measure
		echo "round $round $1 ok (load $(cut -d' ' -f1 /proc/loadavg))" >&2
	else
		echo "round $round $1 did not come up:" >&2
		tail -n 15 "$WORK"/*.log >&2
	fi
	cleanup
	declare -F down >/dev/null && down
	ns_del
}
main "$@"; exit
