#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Upstreams of DNS that do not answer: a question fails while who asked still
# waits, the operator is told, and one that lives answers in place of others.
# Budget: 60 s, long 60 s
set -u
HIP_TAG=${HIP_TAG:-up}
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

dns=$HIP_BUILD/tests/netns/dnsforge
mute=127.0.0.8:5300 gone=127.0.0.7:5300 alive=127.0.0.9:5300
# asks NAME: sets $said to the status, or the address, and $took to how many
# milliseconds that took.
asks() {
	local out
	out=$(nl_in alice dig @127.0.0.154 +tries=1 +time=9 "$1" A)
	said=$(awk '$4 == "A" { print $5 }' <<<"$out")
	[ -n "$said" ] || said=$(sed -n 's/.*status: \([A-Z]*\),.*/\1/p' <<<"$out")
	took=$(sed -n 's/^;; Query time: \([0-9]*\) msec$/\1/p' <<<"$out")
}
# warns, tells: the warning; that of `hipline dns`.
# shellcheck disable=SC2317  # until_true calls it
warns() { hip_json alice '.warnings[].code' status | grep -qx upstream-silent; }
# shellcheck disable=SC2317  # check calls it
tells() { hip alice dns | grep -q '^upstream .*(no answer)$'; }
# shellcheck disable=SC2317  # check calls it
never_warned() { ! grep -q upstream-silent "$HIP_DIR/alice/log"; }
# uses UPSTREAM...: from now on.
uses() {
	local all
	all=$(printf ', "%s"' "$@")
	HIP_PEERS[alice]="dns { upstream = { ${all:2} } }"
	hip_configure alice
	check "upstreams: $*" hip alice reload
}
serve() { nl_bg alice /dev/null "$dns" serve "${alive%:*}" "${alive#*:}"; server=$NL_PID; }

hip_init
hip_host alice
HIP_PEERS[alice]="dns { upstream = { \"$alive\" } }"
nl_bg alice /dev/null "$dns" mute "${mute%:*}" "${mute#*:}"
serve
hip_up alice
until_true 10 hip_resolver alice || fail "no resolver"
until_true 5 eval '[ "$(hip_json alice .dns.state status)" = answering ]'

# --- one that lives
asks www.example.org
equal 'one that lives answers' 192.0.2.7 "$said"
asks never.example.org
equal 'a name whose own servers are gone fails' SERVFAIL "$said"
between '  while who asks still waits, ms' 1000 4000 "$took"
asks www.example.org
equal '  which others do not' 192.0.2.7 "$said"
check '  and it is not taken for silence' never_warned

# --- beside others that are dead
for dead in "$mute" "$gone" "$mute $gone 127.0.0.8:5301"; do
	# shellcheck disable=SC2086  # words
	uses $dead "$alive"
	asks www.example.org
	equal 'the last one answers' 192.0.2.7 "$said"
	between '  soon, ms' 0 2000 "$took"
	asks www2.example.org
	between '  and is the first to be asked from then on, ms' 0 250 "$took"
done
check 'of which nobody is told' never_warned

# --- none
uses "$mute"
asks www.example.org
equal 'where none answers the question fails' SERVFAIL "$said"
between '  while who asks still waits, ms' 1000 4000 "$took"
check '  and the operator is told' until_true 3 warns
check '  of whom' eval 'hip alice status | grep -q "upstream = { $mute } } answers"'
check '  by hipline dns, too' tells
uses "$mute" "$alive"
check 'another one is named: no warning' eval '! warns && ! tells'
asks www.example.org
equal '  and it answers' 192.0.2.7 "$said"
kill "$server"
wait "$server" 2>/dev/null
uses "$alive"
asks www.example.org
equal 'one that has gone fails' SERVFAIL "$said"
between '  at once, ms' 0 1000 "$took"
check '  and that is told' until_true 5 warns
serve
check 'when it is back that is seen without a question' until_true 15 eval '! warns'
asks www.example.org
equal '  and it answers' 192.0.2.7 "$said"
hip_end
