#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Five hosts of an overlay: names found by all, a host reached that only the
# overlay knows, a resolver killed, the bootstrap killed, a stranger kept out.
# Alone among tests: hosts that are late are taken for lost.
# Budget: 300 s, long 300 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

at=127.0.0.154
hosts=(alice bob carol dave erin)

# joined HOST: it is in the ring.
joined() { [ "$(hip_json "$1" .joined overlay)" = true ]; }
# published HOST: all that it publishes is.
published() {
	[ "$(hip_json "$1" '[.names[].state] | unique | join(" ")' names)" = published ]
}
# finds FROM TO: by name, proven by the authority.
finds() {
	[ "$(hip_json "$1" '.hits[] | .hit + " " + .proof' resolve "$2@example.com")" = \
		"${HIP_HIT[$2]} authority" ]
}
# asks_dns FROM TO: as anybody types it. It asks for an IPv4 address first, of
# which there is none, and must not take that for an error.
asks_dns() {
	local said
	said=$(nl_in "$1" nslookup "$2@example.com" "$at") &&
		grep -qix "Address: ${HIP_HIT[$2]}" <<<"$said" &&
		! grep -q '^\*\*' <<<"$said"
}
# all SECONDS COMMAND: for every host and every other one.
all() {
	local a b rc=0 wait=$1; shift
	for a in "${up[@]}"; do
		for b in "${up[@]}"; do
			[ "$a" = "$b" ] || until_true "$wait" "$1" "$a" "$b" ||
				{ echo "not $a to $b"; rc=1; }
		done
	done
	return $rc
}

hip_init
arguments=()
for n in "${hosts[@]}" eve; do
	hip_host "$n"
	HIP_PEERS[$n]+="names { publish = { $n@example.com } }
"
done
for n in "${hosts[@]}"; do
	mkdir -p "$HIP_DIR/$n/state"
	arguments+=("$HIP_DIR/$n/state" "$HIP_DIR/$n/identity.pem"
		"$n@example.com" "$(hip_address "$n")")
done
check 'memberships are made' "$HIP_BUILD/tests/netns/members" example.com \
	"${arguments[@]}"
for n in "${hosts[@]}"; do chown -R nobody "$HIP_DIR/$n/state"; done

# rcode FROM NAME
rcode() {
	nl_in "$1" dig "@$at" +tries=1 +time=10 "$2" AAAA |
		sed -n 's/.*status: \([A-Z]*\),.*/\1/p'
}

# --- a member that reaches nobody: that is no word on whether a name is there
hip_up bob
until_true 10 hip_resolver bob || fail "no resolver"
equal 'nobody can be asked' SERVFAIL "$(rcode bob alice@example.com)"
hip bob resolve alice@example.com >"$HIP_DIR/said" 2>&1
equal '  which is not that there is no such name' 1 $?

# --- joining: nobody but the first is known to anybody
up=("${hosts[@]}")
check 'it stops' hip_stop bob
hip_up "${hosts[@]}"
for n in "${hosts[@]}"; do
	check "$n is in the ring" until_true 30 joined "$n"
done
for n in "${hosts[@]}"; do
	check "$n's name is published" until_true 20 published "$n"
done
check 'each finds the name of every other' all 20 finds
check 'and so does nslookup' all 10 asks_dns
hip bob resolve nobody@example.com >/dev/null 2>&1
equal 'a name that nobody has' 4 $?
equal 'and its code in DNS' NXDOMAIN "$(rcode bob nobody@example.com)"
equal 'status knows the overlay' 'example.com true' \
	"$(hip_json carol '.overlay | "\(.name) \(.joined)"' status)"
equal 'peers have their names' dave@example.com "$(hip_json alice \
	".associations[] | select(.hit == \"${HIP_HIT[dave]}\") | .names[0]" peers)"

# --- a call to a HIT that no configuration has
check 'ping by name' hip bob ping -c 1 erin@example.com
check 'ping by HIT' hip_pings_all dave erin 3 -c 3 -i 0.2
rekeys() { hip_json bob ".associations[] | select(.hit == \"${HIP_HIT[erin]}\") | .rekeys" peers; }
check 'new keys by name' hip bob rekey erin@example.com
check '  are taken' until_true 10 eval '[ "$(rekeys)" = 1 ]'
check 'a peer by name' hip bob peer add erin@example.com 192.0.2.77
check '  is the HIT behind it' hip bob peer remove "${HIP_HIT[erin]}"
hip bob peer add nobody@example.com 192.0.2.77 2>/dev/null
equal 'a name that nobody has is no peer' 4 $?

# --- a member without that certificate is a stranger
hip_knows eve alice
hip_up eve
check 'a stranger is not let in' eval \
	'! hip eve ping -c 1 --timeout 4 "${HIP_HIT[alice]}"'
equal 'it has no association' '' "$(hip_state alice eve)"

# --- the resolver is killed
resolver=$(hip_resolver carol)
check 'the resolver of carol is killed' kill -9 "$resolver"
check 'another one comes' until_true 10 eval \
	'[ -n "$(hip_resolver carol)" ] && [ "$(hip_resolver carol)" != "$resolver" ]'
check 'it is in the ring' until_true 40 joined carol
check 'its name is published again' until_true 20 published carol
check 'the others find it' until_true 10 finds bob carol
check 'it finds the others' until_true 10 finds carol bob

# --- 10,000 random names a second: what becomes of them, and of good ones
# lookups HOST: that its node has begun.
lookups() { hip_json "$1" .lookups overlay; }
check 'erin is known at dave' asks_dns dave erin
before=$(lookups dave)
nl_bg dave "$HIP_DIR/poured" "$NL_BIN/dnsforge" pour "$at" 53 30000 10000
pouring=$NL_PID good=0 asked=0
while kill -0 $pouring 2>/dev/null; do
	asked=$((asked + 1))
	nl_in dave dig "@$at" +tries=3 +time=1 erin@example.com AAAA >"$HIP_DIR/good"
	if grep -q "AAAA.*${HIP_HIT[erin]}" "$HIP_DIR/good"; then
		good=$((good + 1))
	else
		sed 's/^/     /' "$HIP_DIR/good"
	fi
done
wait $pouring
read -r rate denied failed refused other <"$HIP_DIR/poured"
begun=$(($(lookups dave) - before))
echo "     $rate names/s: $denied denied, $failed failed, $refused refused; $begun lookups"
hip_sanitized || between 'random names a second' 8000 10100 "$rate"
between 'of which were answered' 1000 30000 $((denied + failed + refused))
equal 'none with an address' 0 "$other"
between 'and asked in the overlay, of what 4 s allow' 1 750 "$begun"
# A question is lost where the kernel has no room for more of them.
between 'good ones beside them' $(((asked * 9 + 9) / 10)) "$asked" "$good"
check 'of which there were some' [ "$asked" -gt 3 ]
hip_sanitized || between 'the resolver stays small, KiB' 1 10240 \
	"$(awk '$1 == "VmRSS:" { print $2 }' "/proc/$(hip_resolver dave)/status")"

# --- the bootstrap is killed
hip_kill alice
up=(bob carol dave erin)
check 'names are found without the first host' all 40 finds
check 'so is a host' hip carol ping -c 1 dave@example.com
for n in "${up[@]}"; do
	equal "$n has no warning of the overlay" '' "$(hip_json "$n" \
		'.warnings[] | select(.code | startswith("overlay")) | .text' status)"
done
# What dave was told of when it joined is that host alone. So it finds the ring
# by the members of before, where it saw them last.
equal 'dave has one bootstrap' "${HIP_HIT[alice]}" \
	"$(jq -r '.bootstraps[].hit' "$HIP_DIR/dave/state/membership.json")"
check 'dave stops' hip_stop dave
check 'and begins again' hip_up dave
check 'it is in the ring without the first host' until_true 30 joined dave
check 'and finds bob' until_true 10 finds dave bob
check 'and is found' until_true 10 finds carol dave
if [ "${HIP_LONG:-0}" = 1 ]; then
	hip_stop dave
	hip_forget dave
	find "$HIP_DIR/dave/state" -name '*.db*' -delete
	hip_up dave
	check 'without those it is in no ring' eval '! until_true 20 joined dave'
fi

hip_up alice
check 'it comes back into the ring' until_true 60 joined alice
check 'and is found' until_true 20 finds erin alice

# --- who stops takes leave: nobody waits for it in vain
# neighbours HOST: those that it has in the ring.
neighbours() { hip_json "$1" '[.successors[], .predecessors[]] | unique[]' overlay; }
has() { neighbours "$1" | grep -q "${HIP_HIT[$2]}"; }
lacks() { ! has "$@"; }
for n in alice bob carol erin; do
	check "dave is a neighbour of $n" until_true 20 has "$n" dave
done
# What is shown is up to six seconds old; silence would be noticed after thirty.
hip_stop dave
for n in alice bob carol erin; do
	check "$n knows that dave has gone" until_true 12 lacks "$n" dave
done
check 'its name stays, for it has not left the overlay' finds erin dave
check 'dave comes again' hip_up dave
check 'and is in the ring' until_true 30 joined dave

# --- all of them were switched off, and are switched on again
check 'all stop' hip_stop "${hosts[@]}"
hip_up "${hosts[@]}"
for n in "${hosts[@]}"; do
	check "$n is in the ring again" until_true 40 joined "$n"
done
up=("${hosts[@]}")
check 'and each finds every other' all 20 finds
hip_end
