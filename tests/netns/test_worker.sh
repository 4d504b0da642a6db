#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# The data plane alone: two workers with static SAs carry pings and TCP, lose
# nothing, refuse what is not theirs, and end when the TUN device is deleted.
# Budget: 120 s, long 900 s
set -u
here=$(dirname "$0")
# shellcheck source-path=SCRIPTDIR source=netlab.sh
. "$here/netlab.sh"

PAIR=$NL_BIN/worker_pair
A=2001:22:aaaa::1 B=2001:22:bbbb::2
pass=0 fail=0
ok() { # NAME COMMAND...; not in a subshell: it may set variables
	local name=$1; shift
	if "$@" >"$NL_STATE/out" 2>&1; then
		pass=$((pass + 1)); echo "ok   $name"
	else
		fail=$((fail + 1)); echo "FAIL $name: $(cat "$NL_STATE/out")"
	fi
}
within() { # SECONDS COMMAND...: until it succeeds
	local i n=$(($1 * 20)); shift
	for ((i = 0; i < n; i++)); do "$@" && return 0; sleep 0.05; done
	return 1
}

start() { # FAMILY ARG...: both ends
	local a=${NL_IP[alice.eth0]} b=${NL_IP[bob.eth0]}
	[ "$1" = 4 ] || a=${NL_IP6[alice.eth0]} b=${NL_IP6[bob.eth0]}
	shift
	nl_bg alice "$NL_STATE/alice.log" "$PAIR" "$@" $A $B "$b"; alice=$NL_PID
	nl_bg bob "$NL_STATE/bob.log" "$PAIR" "$@" $B $A "$a"; bob=$NL_PID
	within 10 grep -q ready "$NL_STATE/alice.log" &&
		within 10 grep -q ready "$NL_STATE/bob.log" ||
		{ cat "$NL_STATE"/*.log; return 1; }
}
# Ends both; they must have ended well.
stop() {
	local status=0
	kill "$alice" "$bob"
	wait "$alice" || status=$?
	wait "$bob" || status=$?
	return $status
}
counted() { sed -n "s/^$2 //p" "$NL_STATE/$1.log"; }
# What each end counted, but for "ready" and the packets that waited.
nothing_dropped() {
	! grep -Ehv '^(ready: .*|(injected|queue-standing) [0-9]+)$' "$NL_STATE"/{alice,bob}.log
}

ping_all() { # HOST HIT SIZE: 100 pings, none lost
	local out
	out=$(nl_in "$1" ping -c 100 -i 0.01 -W 2 -s "$3" "$2" 2>&1)
	[[ $out == *" 100 received, 0% packet loss"* ]] || { echo "$out"; return 1; }
}
tcp() { # FROM TO HIT MEGABYTES: what arrives is what was sent
	local sum
	nl_bg "$2" "$NL_STATE/tcp.log" sh -c "socat -u TCP6-LISTEN:7777,reuseaddr - | sha256sum"
	local pid=$NL_PID
	within 5 nl_in "$2" sh -c 'ss -Hltn | grep -q :7777' || return 1
	sum=$(head -c "$4M" "$NL_STATE/random" | sha256sum)
	head -c "$4M" "$NL_STATE/random" |
		nl_in "$1" timeout 60 socat -u - "TCP6:[$3]:7777" || return 1
	wait "$pid"
	[ "$sum" = "$(cat "$NL_STATE/tcp.log")" ]
}
cpu() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
idle() { # PID: under 3 % of a second
	local before; before=$(cpu "$1"); sleep 1
	[ $(($(cpu "$1") - before)) -le 3 ]
}
rss_under() { # PID KIB
	local rss; rss=$(awk '/^VmRSS/ { print $2 }' "/proc/$1/status")
	echo "RSS $rss KiB"; [ "$rss" -lt "$2" ]
}

asked() { nl_in alice awk '/^Icmp6OutEchos / { print $2 }' /proc/net/snmp6; }
has_asked() { [ "$(asked)" -ge "$1" ]; }
dropped_by_tun() { nl_in alice cat /sys/class/net/hip0/statistics/tx_dropped; }
# A worker that gets no processor for a while: what comes then waits for it.
# What the other end, which gets no more, does with so many at once is its own
# business.
late_by() { # PACKETS
	local all=$(($(asked) + $1)) before sent=0
	before=$(dropped_by_tun)
	kill -STOP "$alice"
	nl_bg alice "$NL_STATE/late.log" ping -c "$1" -l "$1" -W 5 -s 56 $B
	within 5 has_asked $all || sent=$?
	kill -CONT "$alice"
	wait "$NL_PID"; tail -n 3 "$NL_STATE/late.log"
	echo "dropped by hip0: $(($(dropped_by_tun) - before))"
	[ $sent = 0 ] && [ "$(dropped_by_tun)" = "$before" ]
}

traffic() { # FAMILY SUITE MEGABYTES [ARG...]
	local family=$1 suite=$2 mb=$3; shift 3
	local name="IPv$family, suite $suite${*:+, $*}"
	ok "$name: starts" start "$family" -s "$suite" -m 1400 "$@"
	ok "$name: first ping" nl_in alice ping -c 1 -W 2 $B
	ok "$name: ping" ping_all alice $B 56
	ok "$name: ping back" ping_all bob $A 56
	ok "$name: ping of the MTU" ping_all alice $B 1352
	ok "$name: ping in inner fragments" ping_all bob $A 4000
	ok "$name: TCP" tcp alice bob $B "$mb"
	ok "$name: TCP back" tcp bob alice $A "$mb"
	ok "$name: a late worker" late_by 900
	ok "$name: idle" idle "$alice"
	[ -n "${HIP_SANITIZED:-}" ] || ok "$name: memory" rss_under "$alice" 10240
	ok "$name: ends" stop
	ok "$name: nothing dropped" nothing_dropped
}

# Both links underneath are small: datagrams leave in fragments.
small_links() { # FAMILY
	nl_mtu alice eth0 1280; nl_mtu bob eth0 1280
	ok "IPv$1, MTU 1280 underneath: starts" start "$1" -m 1400
	ok "IPv$1, MTU 1280 underneath: ping" ping_all alice $B 1352
	ok "IPv$1, MTU 1280 underneath: ping back" ping_all bob $A 1352
	ok "IPv$1, MTU 1280 underneath: TCP" tcp alice bob $B 10
	ok "IPv$1, MTU 1280 underneath: ends" stop
	ok "IPv$1, MTU 1280 underneath: nothing dropped" nothing_dropped
	nl_mtu alice eth0 1500; nl_mtu bob eth0 1500
}
# Only the far one is: the router says so.
small_far_link() { # FAMILY
	nl_mtu bob eth0 1280
	ok "IPv$1, MTU 1280 far away: starts" start "$1" -m 1400
	ok "IPv$1, MTU 1280 far away: TCP" tcp alice bob $B 10
	ok "IPv$1, MTU 1280 far away: ping then" ping_all alice $B 1352
	ok "IPv$1, MTU 1280 far away: ends" stop
	nl_mtu bob eth0 1500
}

too_big() {
	nl_in alice ip link set hip0 mtu 1500
	nl_in alice ip -6 route replace 2001:20::/28 dev hip0 proto static metric 256
	nl_in alice ping -c 2 -W 1 -M "do" -s 1400 $B | grep -q 'too big: mtu=1400'
}
wrong_source() {
	nl_in alice ping -c 1 -W 1 -I "${NL_IP6[alice.eth0]}" $B |
		grep -qi 'administratively'
}
no_datagram_through_the_tunnel() {
	printf '\0\0\0\0HIP' | nl_in bob socat -u - "UDP6:[$A]:10500"
	sleep 0.3
}
refusals() {
	ok "starts" start 4
	ok "a packet that is too big is answered" too_big
	ok "a source that is not the HIT is answered" wrong_source
	ok "HIP through the tunnel is sent" no_datagram_through_the_tunnel
	printf '\1\2\3\4\0\0\0\5' |
		nl_in inet socat -u - "UDP4:${NL_IP[alice.eth0]}:10500"
	printf '\377' | nl_in inet socat -u - "UDP4:${NL_IP[alice.eth0]}:10500"
	printf '\0\0\0\0HIP' |
		nl_in inet socat -u - "UDP4:${NL_IP[alice.eth0]}:10500"
	sleep 0.3
	ok "ends" stop
	ok "too big: counted" [ "$(counted alice inner-too-big)" -ge 1 ]
	ok "wrong source: counted" [ "$(counted alice inner-source-not-ours)" = 1 ]
	ok "HIP through the tunnel: refused" \
		[ "$(counted alice outer-address-is-a-hit)" = 1 ]
	ok "unknown SPI: counted and told" \
		[ "$(counted alice esp-unknown-spi)$(counted alice no-spi)" = 11 ]
	ok "keepalive: counted" [ "$(counted alice foreign-keepalive)" = 1 ]
	ok "HIP: told" [ "$(counted alice control)" = 1 ]
}

deleted() {
	local status=0
	ok "starts" start 4
	ok "first ping" nl_in alice ping -c 1 -W 2 $B
	nl_in alice ip link set hip0 down
	ok "down: idle" idle "$alice"
	nl_in alice ip link set hip0 up
	nl_in alice ping -q -f -c 100000 -w 2 $B >/dev/null 2>&1 &
	sleep 0.2
	nl_in alice ip link del hip0
	ok "deleted: ends" within 2 sh -c "! kill -0 $alice 2>/dev/null"
	wait "$alice" || status=$?
	ok "deleted: says so" grep -q 'TUN device: File descriptor in bad state' \
		"$NL_STATE/alice.log"
	ok "deleted: status 3" [ $status = 3 ]
	kill "$bob"; wait "$bob"
	wait
}

nl_init "${HIP_TAG:-worker}" || exit 1
trap nl_down EXIT
export NL_FAST=1 # cables with offloads
nl_host alice; nl_host bob
head -c 200M /dev/urandom >"$NL_STATE/random"
if [ "${HIP_LONG:-0}" = 1 ]; then
	for family in 4 6; do
		for suite in 13 9 8; do traffic $family $suite 200; done
		# Offloads left out: enum worker_offload.
		for without in 4 8 16 24 6 30 31; do
			traffic $family 13 100 -o $without
		done
		small_links $family
		small_far_link $family
	done
else
	traffic 4 13 50; traffic 6 8 20; traffic 4 9 20 -o 31
	traffic 4 13 20 -o 30 -c; traffic 6 13 20 -o 24
	small_links 4; small_links 6
	small_far_link 4; small_far_link 6
fi
refusals
deleted
echo "$pass passed, $fail failed"
[ $fail -eq 0 ]
