#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# DNS by real tools: every form of a name, what is not ours, an upstream that
# is lied about, garbage, slow askers, a flood; a resolver that is killed.
# Alone: it measures, or takes all of the machine.
# Budget: 60 s, long 60 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

at=127.0.0.154
# ask NAME TYPE [ARG...]: dig's short answer.
ask() {
	local name=$1 type=$2; shift 2
	nl_in alice dig "@$at" +short +tries=1 +time=3 "$@" "$name" "$type"
}
# rcode NAME TYPE [ARG...]: what dig says of it.
rcode() {
	local name=$1 type=$2; shift 2
	nl_in alice dig "@$at" +tries=1 +time=3 "$@" "$name" "$type" |
		sed -n 's/.*status: \([A-Z]*\),.*/\1/p'
}
# ask_well NAME: bob's HIT is the answer.
ask_well() { [ "$(ask "$1" AAAA)" = "${HIP_HIT[bob]}" ]; }
# peer HIT, or a pin, answered by nslookup, within its short patience.
nslookup_says() {
	nl_in alice nslookup -type=aaaa "$1" "$at" | grep -qi "${HIP_HIT[bob]}"
}

hip_init
hip_host alice; hip_host bob
hip_meet alice bob
dns=$HIP_BUILD/tests/netns/dnsforge
outside=${NL_IP[alice.eth0]}
HIP_PEERS[alice]+="dns {
	listen = { \"$at\", \"$outside\" }
	upstream = { \"127.0.0.9:5300\" }
}
"
nl_bg alice /dev/null "$dns" serve 127.0.0.9 5300
hip_up alice bob
until_true 10 hip_resolver alice || fail "no resolver"
check 'bob is pinned' hip alice pin bob@example.com "${HIP_HIT[bob]}"
hit=${HIP_HIT[bob]}
self=$(hip_json bob .self_name id)
reverse=$(python3 -c 'import ipaddress, sys
print(ipaddress.ip_address(sys.argv[1]).reverse_pointer)' "$hit")
dashes=${hit//:/-}.hip.internal
host=bob.at.example.com.hip.internal

# --- every form
check 'status says that DNS is answered' \
	until_true 5 eval '[ "$(hip_json alice .dns.state status)" = answering ]'
check 'nslookup finds the name' until_true 5 nslookup_says bob@example.com
equal 'AAAA of the name' "$hit" "$(ask bob@example.com AAAA)"
equal 'AAAA in any case' "$hit" "$(ask BOB@Example.COM AAAA)"
equal 'AAAA by TCP' "$hit" "$(ask bob@example.com AAAA +tcp)"
equal 'AAAA of the host form' "$hit" "$(ask "$host" AAAA)"
equal 'AAAA of the HIT with dashes' "$hit" "$(ask "$dashes" AAAA)"
equal 'AAAA of the name that proves itself' "$hit" "$(ask "$self" AAAA)"
# What the C library's own dns refuses, by the Name Service Switch.
printf 'hosts: files hipline dns\n' >"$HIP_DIR/nsswitch"
# getent NAME [DATABASE]: the addresses, by a program that knows nothing of us.
by_libc() {
	nl_in alice unshare -m bash -c 'mount --bind "$1" /etc/nsswitch.conf &&
		exec env LD_LIBRARY_PATH="$2" getent "$3" "$4"' - \
		"$HIP_DIR/nsswitch" "$HIP_BUILD" "${2:-ahostsv6}" "$1"
}
if [ -f "$HIP_BUILD/libnss_hipline.so.2" ]; then
	equal 'getaddrinfo of the name' "$hit" \
		"$(by_libc bob@example.com | awk '{ print $1 }' | sort -u)"
	equal '  of any family' "$hit" \
		"$(by_libc bob@example.com ahosts | awk '{ print $1 }' | sort -u)"
	equal '  gethostbyname' "$hit" \
		"$(by_libc bob@example.com hosts | awk '{ print $1 }')"
	equal '  of the host form' "$hit" \
		"$(by_libc "$host" | awk '{ print $1 }' | sort -u)"
	equal '  a name that is not there' '' "$(by_libc nobody@hip.internal)"
fi
equal 'PTR' "$host." "$(ask "$reverse" PTR)"
equal 'SRV over UDP' "0 0 5060 $host." "$(ask "_sip._udp.$host" SRV)"
equal 'SRV over TCP' "0 0 5060 $host." "$(ask "_sip._tcp.$host" SRV)"
equal 'NAPTR' 2 "$(ask "$host" NAPTR | grep -c "_sip._")"
equal 'TXT' "\"hit=$hit\" \"proof=pin\"" "$(ask bob@example.com TXT)"
equal 'A has no data' NOERROR "$(rcode bob@example.com A)"
equal 'A is empty' "" "$(ask bob@example.com A)"
equal 'a name under the suffix that is none' NXDOMAIN \
	"$(rcode nobody.at.example.com.hip.internal AAAA)"
equal 'the suffix itself' NOERROR "$(rcode hip.internal SOA)"
equal 'another version of EDNS' BADVERS "$(rcode hip.internal SOA +edns=1 +noednsneg)"
equal 'EDNS is answered' 1 \
	"$(nl_in alice dig "@$at" bob@example.com AAAA | grep -c 'EDNS: version: 0')"
check 'the own HIP record has the key' hip alice pin me@example.com "${HIP_HIT[alice]}"
check 'of the own HIT' eval 'ask me@example.com HIP | grep -qi "^3 20010022"'
equal 'and so has its HIT' "$(ask me@example.com HIP)" \
	"$(ask "${HIP_HIT[alice]//:/-}.hip.internal" HIP)"
equal 'of a host that was not met there is none' '' \
	"$(ask "${hit//:/-}.hip.internal" HIP)"
hip_ping alice bob -c 1 -W 5 >/dev/null || fail ping
key=$(hip_json bob .hip_record id | awk '{ print $6 }')
check 'once it was met, there is' until_true 15 eval \
	'ask "${hit//:/-}.hip.internal" HIP | tr -d " " | grep -qF "$key"'

# --- how fast; the figures are for a machine that does nothing else
read -r rate p99 < <(nl_in alice "$dns" rate $at 53 20000)
echo "     $rate queries/s, p99 $p99 ms one by one"
hip_sanitized || between 'queries per second' 2000 100000000 "$rate"
# The resolver alone on one processor, who asks on another.
read -r -a processors < <(python3 -c 'import os
print(*sorted(os.sched_getaffinity(0)))')
if [ "${HIP_LONG:-0}" = 1 ] && ! hip_sanitized && [ ${#processors[@]} -gt 1 ]; then
	check 'the resolver has one processor' \
		taskset -cp "${processors[0]}" "$(hip_resolver alice)"
	for ((i = 0; i < 5; i++)); do
		nl_in alice taskset -c "${processors[1]}" "$dns" rate $at 53 100000
	done >"$HIP_DIR/rates"
	between '  queries per second there, best of 5' 20000 100000000 \
		"$(awk '{ print $1 }' "$HIP_DIR/rates" | sort -rn | head -n 1)"
fi

# --- what is not ours
equal 'another name comes from upstream' 192.0.2.7 "$(ask www.example.org A)"
equal 'so does another name with @' NXDOMAIN "$(rcode carol@example.org AAAA)"
equal 'a long one comes by TCP' 100 "$(ask long.example.org TXT | wc -l)"
for lie in id port question; do
	equal "a lie about $lie is not believed" 192.0.2.7 "$(ask "wrong-$lie.example.org" A)"
done

# --- who asks, and how
# asks_outside NODE [ARG...]: asked there at alice's address on the wire.
asks_outside() {
	local node=$1; shift
	nl_in "$node" dig "@$outside" +tries=1 +time=1 "$@" "$dashes" AAAA
}
for by in +notcp +tcp; do
	check "a host's own program is answered at any address, $by" eval \
		'asks_outside alice $by +short | grep -qix "$hit"'
	check 'beyond this host nobody is' eval '! asks_outside bob $by'
done
nl_bg alice /dev/null "$dns" slow $at 53 200
SLOW=$NL_PID
until_true 5 eval '[ "$(nl_in alice ss -Htn "dst $at" | wc -l)" -ge 100 ]'
good=0
for ((i = 0; i < 20; i++)); do
	said=$(nl_in alice dig "@$at" -u +tries=1 +time=1 bob@example.com AAAA)
	grep -q "AAAA.*$hit" <<<"$said" && good=$((good + 1))
	sed -n 's/^;; Query time: \([0-9]*\) usec$/\1/p' <<<"$said"
done >"$HIP_DIR/took"
equal 'beside 200 slow askers good ones are answered' 20 $good
between '  microseconds, median of 20' 1 50000 \
	"$(sort -n "$HIP_DIR/took" | sed -n 10p)"
equal 'by TCP, too' "$hit" "$(ask bob@example.com AAAA +tcp)"
kill "$SLOW" 2>/dev/null
check 'garbage is survived' nl_in alice "$dns" garbage $at 53 20000
check 'and answered around' until_true 5 ask_well bob@example.com
nl_in alice "$dns" flood $at 53 10000 >"$HIP_DIR/flood"
check 'after a flood of names a known one is answered' until_true 3 ask_well bob@example.com
hip_sanitized || between 'the resolver stays small, KiB' 1 10240 \
	"$(awk '$1 == "VmRSS:" { print $2 }' "/proc/$(hip_resolver alice)/status")"

# --- changes
check 'bob is unpinned' hip alice unpin bob@example.com
equal 'which holds at once' NXDOMAIN "$(rcode bob@example.com AAAA)"
check 'bob is pinned again' hip alice pin bob@example.com "$hit"
equal 'which holds at once' "$hit" "$(ask bob@example.com AAAA)"

# --- a resolver that dies
hip_pings_all alice bob 20 >/dev/null || fail "pings before"
before=$(hip_json alice '.associations[0].spi_out' peers)
old=$(hip_resolver alice)
kill -9 "$old"
check 'a killed resolver answers again' until_true 10 ask_well bob@example.com
check 'it is another one' [ "$(hip_resolver alice)" != "$old" ]
equal 'its capabilities' 0000000000000000 \
	"$(awk '$1 == "CapEff:" { print $2 }' "/proc/$(hip_resolver alice)/status")"
check 'the line was not cut' hip_pings_all alice bob 20
equal 'and has the same SA' "$before" "$(hip_json alice '.associations[0].spi_out' peers)"
check 'hipline dns tells the next step' eval 'hip alice dns | grep -q "next step"'
hip_end
