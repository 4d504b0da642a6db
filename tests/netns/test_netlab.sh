#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# The laboratory holds what it promises: NATs, moves, bad wires. Short: one
# check of each kind. With HIP_LONG=1: every piece, 49 checks.
# Budget: 60 s, long 300 s
set -u
here=$(dirname "$0")
# shellcheck source-path=SCRIPTDIR source=netlab.sh
. "$here/netlab.sh"

P=$NL_BIN/natprobe
pass=0 fail=0
is() { # NAME EXPECTED-PATTERN ACTUAL
	if [[ $3 =~ $2 ]]; then
		pass=$((pass + 1)); echo "ok   $1: $3"
	else
		fail=$((fail + 1)); echo "FAIL $1: wanted /$2/, got: $3"
	fi
}
field() { sed -n "s/.*\b$1=\([^ ]*\).*/\1/p" <<<"$2"; }
between() { # NAME LOW HIGH VALUE
	if [ -n "$4" ] && awk "BEGIN { exit !($2 <= $4 && $4 <= $3) }"; then
		pass=$((pass + 1)); echo "ok   $1: $4 in $2..$3"
	else
		fail=$((fail + 1)); echo "FAIL $1: '$4' not in $2..$3"
	fi
}
# probe HOST ARG...: natprobe there.
probe() { local h=$1; shift; nl_in "$h" "$P" "$@"; }
flow() { local h=$1; shift; probe "$h" flow "$@" "$s1" 3478; }

E=endpoint-independent A=address-dependent AP=address-and-port-dependent

plain() {
	is "no NAT" "mapping=$E filtering=$E preserved=yes" \
		"$(probe direct nat -s 10500 "$s1" "$s2" 3478 3479)"
	is "no route out of the lab" "unreachable" \
		"$(nl_in inet ip route get 203.0.113.1 2>&1)"
}

nats() { # KIND...
	local kind out
	for kind; do
		nl_nat "n$kind" "$kind"; nl_host "h$kind" "n$kind"
		out=$(probe "h$kind" nat -s 10500 "$s1" "$s2" 3478 3479)
		case $kind in
		full) is "NAT full" "mapping=$E filtering=$E preserved=no" "$out" ;;
		addr) is "NAT addr" "mapping=$E filtering=$A preserved=no" "$out" ;;
		port) is "NAT port" "mapping=$E filtering=$AP preserved=no" "$out" ;;
		sym) is "NAT sym" "mapping=$AP filtering=$AP preserved=no" "$out" ;;
		linux) is "NAT linux" "mapping=$E filtering=$AP preserved=yes" "$out" ;;
		noudp) is "firewall noudp" "mapping=blocked" "$out" ;;
		esac
	done
}

double_nat() {
	nl_nat cgn cgn-sym; nl_nat home port cgn; nl_host hdouble home
	is "double NAT (port behind carrier sym)" \
		"mapping=$AP filtering=$AP .*mapped=${NL_IP[cgn.wan]}:" \
		"$(probe hdouble nat -s 10500 "$s1" "$s2" 3478 3479)"
	# two hosts behind one NAT, same inside port: distinct outside ports
	local m1 m2
	nl_host hport2 nport
	m1=$(field mapped "$(flow hport -s 10500 -n 1)")
	m2=$(field mapped "$(flow hport2 -s 10500 -n 1)")
	is "two hosts, one NAT, two ports" "yes" \
		"$([ -n "$m1" ] && [ -n "$m2" ] && [ "$m1" != "$m2" ] && echo yes) $m1 $m2"
}

# One change of mapping in the middle of a flow, and with random ports now and
# then two (a mapping made while the old ones are being flushed).
rebinding() {
	local kind out m1 m2
	for kind in full port sym linux; do
		( sleep 0.5; nl_rebind "n$kind" ) & m1=$!
		out=$(flow "h$kind" -s 10501 -n 100 -i 10); wait $m1
		is "rebind $kind" "got=(9[0-9]|100) .*mappings=[23] " "$out"
	done
	m1=$(field mapped "$(flow hfull -s 10502 -n 1)")
	nl_renumber nfull
	m2=$(field mapped "$(flow hfull -s 10502 -n 1)")
	is "renumber" "^yes" \
		"$([ "${m1%:*}" != "${m2%:*}" ] && [ "${m2%:*}" = "${NL_IP[nfull.wan]}" ] && echo yes) $m1 -> $m2"
}

# A mapping is open before its timeout, closed after.
mapping_life() {
	local kind
	for kind in full port; do
		NL_UDP_TIMEOUT=3 nl_nat "s$kind" "$kind"; nl_host "hs$kind" "s$kind"
		is "3 s mapping, $kind, 1.5 s idle" "open=yes" \
			"$(probe "hs$kind" idle "$s1" 3478 1.5)"
		is "3 s mapping, $kind, 6 s idle" "open=no" \
			"$(probe "hs$kind" idle "$s1" 3478 6)"
	done
	flow hsym -s 10503 -n 1 >/dev/null
	between "default mapping life (s left)" 20 30 \
		"$(nl_in nsym conntrack -L -p udp 2>/dev/null | awk '/sport=10503/ { print $3 }')"
}

moves() {
	local m1 m2
	nl_host mob; m1=$(field mapped "$(flow mob -n 1)")
	nl_move mob; m2=$(field mapped "$(flow mob -n 1)")
	is "move to another network" "^yes" \
		"$([ "${m2%:*}" = "${NL_IP[mob.eth0]}" ] && [ "${m1%:*}" != "${m2%:*}" ] && echo yes) $m1 -> $m2"
	nl_move mob nport; m1=$(field mapped "$(flow mob -n 1)")
	is "move behind a NAT" "^${NL_IP[nport.wan]}:" "$m1"
}

multihoming() {
	local i m1
	nl_host multi; nl_second_uplink multi eth1
	for i in eth1 eth0; do
		is "uplink $i up" "0% packet loss" \
			"$(nl_in multi ping -c2 -i0.2 -W1 -q -I "${NL_IP[multi.$i]}" "$s1" | grep loss)"
	done
	nl_unplug multi eth0
	m1=$(field mapped "$(flow multi -n 1)")
	is "first uplink gone, second used" "^${NL_IP[multi.eth1]}:" "$m1"
	is "IPv6 host to host" "sent=3 got=3" \
		"$(nl_in srv timeout 5 "$P" serve ::1 "${NL_IP6[srv.eth0]}" 3480 3481 4 &
		sleep 0.3; probe direct flow -n 3 "${NL_IP6[srv.eth0]}" 3480)"
}

# Counts over 2000 packets each way, bounds of 5 sigma.
losses() {
	nl_impair direct eth0
	is "clean wire, nothing lost" "got=1000 dup=0 reordered=0" \
		"$(flow direct -n 1000 -i 1)"
	nl_impair direct eth0 ab.loss=10
	between "10% loss one way" 1733 1867 \
		"$(field got "$(flow direct -n 2000 -i 1)")"
	nl_impair direct eth0 ab.dropnext=3
	is "dropnext=3" "got=17" "$(flow direct -n 20)"
	nl_impair direct eth0 ab.dropnext=2 ab.mark=7:5 # low byte of seq is 5
	is "drop only what is marked" "got=19" "$(flow direct -n 20)"
	nl_impair direct eth0
	is "clean again" "got=200 dup=0 reordered=0" "$(flow direct -n 200 -i 1)"
	is "bad setting refused" "error: loss=nonsense" \
		"$(nl_impair direct eth0 loss=nonsense 2>&1)"
}

bad_wires() {
	local out
	nl_impair direct eth0 ab.burst=1,25
	between "burst loss (3.8% expected)" 1800 1990 \
		"$(field got "$(flow direct -n 2000 -i 1)")"
	nl_impair direct eth0 ba.dup=10
	between "10% repeated" 133 267 "$(field dup "$(flow direct -n 2000 -i 1)")"
	nl_impair direct eth0 ab.reorder=10 ab.rgap=5
	out=$(flow direct -n 2000 -i 1)
	is "reorder loses nothing" "got=2000 dup=0" "$out"
	between "10% held back" 133 267 "$(field reordered "$out")"
	nl_impair direct eth0 delay=20
	out=$(flow direct -n 100)
	between "20 ms each way: least rtt (us)" 40000 45000 "$(field rtt_min_us "$out")"
	between "20 ms each way: mean rtt (us)" 40000 150000 "$(field rtt_avg_us "$out")"
	nl_impair direct eth0 delay=20 jitter=20
	is "jitter alone keeps order" "got=300 dup=0 reordered=0" \
		"$(flow direct -n 300 -i 5)"
	nl_impair direct eth0 ab.corrupt=50
	between "50% damaged (some bits are padding)" 240 460 \
		"$(field got "$(flow direct -n 500 -i 1)")"
	# 50 frames of 1042 bytes at 1 Mbit/s: the last one leaves after 417 ms
	nl_impair direct eth0 ab.rate=1000 ab.queue=10000000
	between "1 Mbit/s: last packet (us)" 405000 700000 \
		"$(field rtt_max_us "$(flow direct -n 50 -i 0 -l 1000)")"
	nl_impair direct eth0 ab.rate=1000 ab.queue=10420
	between "1 Mbit/s, queue of 10" 10 14 \
		"$(field got "$(flow direct -n 50 -i 0 -l 1000)")"
	nl_impair direct eth0 mtu=1280
	is "MTU 1280 black hole: 1252 passes" "got=5" "$(flow direct -n 5 -l 1252)"
	is "MTU 1280 black hole: 1253 is lost" "got=0" "$(flow direct -n 5 -l 1253)"
	nl_impair direct eth0 hole=1
	is "hole" "got=0" "$(flow direct -n 5)"
}

same_seed() {
	local m1 m2
	nl_host twin1; nl_host twin2
	nl_impair twin1 eth0 ab.loss=30 ab.only=udp
	nl_impair twin2 eth0 ab.loss=30 ab.only=udp
	m1=$(flow twin1 -n 300 -i 1); m2=$(flow twin2 -n 300 -i 1)
	is "same seed, same losses" "^yes" \
		"$([ -n "$m1" ] && [ "$(field got "$m1")" = "$(field got "$m2")" ] && echo yes) $(field got "$m1") $(field got "$m2")"
}

small_mtu() {
	nl_host small; nl_mtu small eth0 1400
	is "honest MTU 1400" "1400" \
		"$(nl_in srv ping -M "do" -s 1450 -c1 -W1 "${NL_IP[small.eth0]}" 2>&1 | grep -i 'mtu')"
}

[ -x "$P" ] && [ -x "$NL_BIN/impair" ] ||
	{ echo "no natprobe, impair in $NL_BIN: run make check first"; exit 1; }
tag=${HIP_TAG:-nlself}
nl_init "$tag" || exit 1
trap nl_down EXIT
trap 'exit 143' TERM INT HUP
nl_host srv
s1=${NL_IP[srv.eth0]} s2=${s1%.2}.3
ip -n "$NL_TAG-srv" addr add "$s2/24" dev eth0
nl_bg srv "$NL_STATE/srv.log" "$P" serve "$s1" "$s2" 3478 3479 300
nl_host direct
for _ in $(seq 100); do
	nl_in srv ss -Hlnu | grep -q ":3479 " && break
	sleep 0.05
done

plain
if [ "${HIP_LONG:-0}" = 1 ]; then
	nats full addr port sym linux noudp
	double_nat
	rebinding
	mapping_life
	moves
	multihoming
	is "bridge, nothing lost" "got=300 dup=0 reordered=0" \
		"$(flow direct -n 300 -i 1)"
	losses
	bad_wires
	same_seed
	small_mtu
else
	nats port sym
	losses
fi
nl_down
is "nothing left behind" "^0$" "$(ip netns list | grep -c "^$tag-")"
echo "$pass passed, $fail failed"
[ $fail -eq 0 ]
