#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# T1: packets that are wrong in one way each, from a stranger and in the name
# of a known peer, over IPv4 and IPv6: no answer, no state, each is counted,
# and the line between the two honest hosts goes on.
# Budget: 60 s, long 60 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

# Of HIP, and of the data plane that looks at a datagram first.
drops() {
	hip_json alice 'to_entries | map(select(.key | test("_drop_"))) |
		map(.value) | add' counters
}
memory() { awk '$1 == "VmRSS:" { print $2 }' "/proc/$(hip_engine alice)/status"; }

associations() {
	hip_json alice '.associations | map([.hit, .state, .spi_in, .spi_out]) | tojson' peers
}

# attack WHAT FROM TO SENDER: all of them; each is one more drop.
attack() {
	local what=$1 from=$2 to=$3 sender=$4 before after sent out=$HIP_DIR/attack
	before=$(drops)
	nl_in mallory "$NL_BIN/hostile" "$from" "$to" "$sender" "${HIP_HIT[alice]}" >"$out"
	equal "$what: answered" 0 "$(sed -n 's/^sent .* answered //p' "$out")"
	grep ': answered$' "$out"
	sent=$(sed -n 's/^sent \([0-9]*\),.*/\1/p' "$out")
	between "$what: sent" 70 1000 "$sent"
	after=$(drops)
	equal "$what: counted" "$sent" $((after - before))
}

hip_init
hip_host alice; hip_host bob; hip_host mallory
hip_meet alice bob
hip_up alice bob
hip_pings_all alice bob 10 >/dev/null || fail "no line between alice and bob"
state=$(associations)
hip_pinging line bob alice -i 0.05

# Buffers for 512 control packets of 2 KiB are there from the start, and touched
# one after the other: that much may come to light, and no more.
rss=$(memory)
attack "a stranger" "${NL_IP[mallory.eth0]}" "${NL_IP[alice.eth0]}" "${HIP_HIT[mallory]}"
attack "in bob's name" "${NL_IP[mallory.eth0]}" "${NL_IP[alice.eth0]}" "${HIP_HIT[bob]}"
attack "a stranger, IPv6" "${NL_IP6[mallory.eth0]}" "${NL_IP6[alice.eth0]}" "${HIP_HIT[mallory]}"
attack "in bob's name, IPv6" "${NL_IP6[mallory.eth0]}" "${NL_IP6[alice.eth0]}" "${HIP_HIT[bob]}"

check "meanwhile, no ping between the honest is lost" hip_pinged line
equal "associations are as they were" "$state" "$(associations)"
hip_sanitized ||
	between "engine's memory, KiB" 1 $((rss + 1024 + 256)) "$(memory)"
hip_end
