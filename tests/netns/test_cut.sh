#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Eight hosts, cut in two: each half is a ring that finds its own names, and
# when the cut is mended they are one ring again. Then half of them are killed.
# In the long form only: it waits for what is done every two minutes.
# Alone: hosts that are late are taken for lost.
# Budget: 10 s, long 600 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

# Of both halves, so that neither is a part of the ring.
left=(n0 n3 n4 n7) right=(n1 n2 n5 n6)
hosts=("${left[@]}" "${right[@]}")
MEND_S=180 # docs/overlay.md, 4: a lost one is tried every two minutes, and then a minute

joined() { [ "$(hip_json "$1" .joined overlay)" = true ]; }
published() {
	[ "$(hip_json "$1" '[.names[].state] | unique | join(" ")' names)" = published ]
}
# whose FROM TO: who has that name, and what proves it.
whose() {
	hip_json "$1" '.hits[] | .hit + " " + .proof' resolve "$2@example.com"
}
finds() { [ "$(whose "$1" "$2")" = "${HIP_HIT[$2]} authority" ]; }
# all SECONDS HOST...: each finds the name of each.
all() {
	local wait=$1 a b rc=0; shift
	for a; do
		for b; do
			until_true "$wait" finds "$a" "$b" ||
				{ echo "not $a to $b: $(whose "$a" "$b")"; rc=1; }
		done
	done
	return $rc
}
# none_wrong HOST...: whatever they find of any name, it is right.
none_wrong() {
	local a b said rc=0
	for a; do
		for b in "${hosts[@]}"; do
			said=$(whose "$a" "$b" 2>/dev/null)
			[ -z "$said" ] || [ "$said" = "${HIP_HIT[$b]} authority" ] ||
				{ echo "$a of $b: $said"; rc=1; }
		done
	done
	return $rc
}
# order HOST...: their HITs as the ring has them, by their hashes.
order() {
	local a
	for a; do echo "${HIP_HIT[$a]}"; done | python3 -c 'import hashlib, ipaddress, sys
print(*sorted((line.strip() for line in sys.stdin), key=lambda hit:
    hashlib.sha256(ipaddress.ip_address(hit).packed).digest()))'
}
# is_ring HOST...: the successors of each are all the others of these, in their
# order, and nobody else.
is_ring() {
	local a i hits
	read -r -a hits < <(order "$@")
	for ((i = 0; i < $#; i++)); do
		for a; do [ "${HIP_HIT[$a]}" != "${hits[i]}" ] || break; done
		[ "$(hip_json "$a" '.successors | join(" ")' overlay)" = \
			"$(echo "${hits[@]:i+1}" "${hits[@]:0:i}" | xargs)" ] || return 1
	done
}

[ "${HIP_LONG:-0}" = 1 ] || { echo "in the long form only"; exit 77; }
hip_init
NL_FAST=1
arguments=()
for n in "${hosts[@]}"; do
	hip_host "$n"
	HIP_PEERS[$n]+="names { publish = { $n@example.com } }
"
	mkdir -p "$HIP_DIR/$n/state"
	arguments+=("$HIP_DIR/$n/state" "$HIP_DIR/$n/identity.pem"
		"$n@example.com" "$(hip_address "$n")")
done
check 'memberships are made' "$HIP_BUILD/tests/netns/members" example.com \
	"${arguments[@]}"
for n in "${hosts[@]}"; do chown -R nobody "$HIP_DIR/$n/state"; done
hip_up "${hosts[@]}"
for n in "${hosts[@]}"; do
	check "$n is in the ring" until_true 40 joined "$n"
	check "  and its name is published" until_true 30 published "$n"
done
check 'they are one ring' until_true 30 is_ring "${hosts[@]}"
check 'each finds every name' all 20 "${hosts[@]}"

# --- cut
check 'they are cut, four from four' nl_cut "${left[*]}" "${right[*]}"
begun=$(now_ms)
check 'the first four are a ring' until_true 90 is_ring "${left[@]}"
check 'so are the others' until_true 90 is_ring "${right[@]}"
echo "     after $(($(now_ms) - begun)) ms"
check 'the first four find their own names' all 20 "${left[@]}"
check 'so do the others' all 20 "${right[@]}"
check 'nobody finds a wrong host' none_wrong "${hosts[@]}"

# --- mended
check 'the cut is mended' nl_mend
begun=$(now_ms)
check 'they are one ring again' until_true $MEND_S is_ring "${hosts[@]}"
echo "     after $(($(now_ms) - begun)) ms"
check 'each finds every name' all 30 "${hosts[@]}"
check 'nobody finds a wrong host' none_wrong "${hosts[@]}"

# --- half of them die
hip_kill "${right[@]}"
begun=$(now_ms)
check 'those that are left are a ring' until_true 90 is_ring "${left[@]}"
echo "     after $(($(now_ms) - begun)) ms"
check 'and find each other' all 30 "${left[@]}"
check 'and nobody a wrong host' none_wrong "${left[@]}"
for n in "${left[@]}"; do check "$n is in it" joined "$n"; done
hip_end
