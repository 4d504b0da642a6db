#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Five hosts of an overlay. One is revoked: the others hear of it at once,
# whoever opened the association with it, and find its name no more; who was
# away or cut off hears of it when it is back.
# Budget: 240 s, long 240 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

# shellcheck disable=SC2317  # until_true calls these
joined() { [ "$(hip_json "$1" .joined overlay)" = true ]; }
finds() {
	[ "$(hip_json "$1" '.hits[0].hit' resolve "$2@example.com")" = \
		"${HIP_HIT[$2]}" ]
}
# shellcheck disable=SC2317
finds_none() { hip "$1" resolve "$2@example.com"; [ $? -eq 4 ]; }
# shellcheck disable=SC2317
without() { [ -z "$(hip_state "$1" "$2")" ]; }
# shellcheck disable=SC2317
established() { [ "$(hip_state "$1" "$2")" = established ]; }
# lacks FROM TO: no neighbour of it in the ring.
# shellcheck disable=SC2317
lacks() {
	! hip_json "$1" '[.successors[], .predecessors[]] | unique[]' overlay |
		grep -q "${HIP_HIT[$2]}"
}
# shellcheck disable=SC2317
warns_revoked() {
	hip_json "$1" '.warnings[].code' status | grep -qx certificate-revoked
}
entries() { hip_json "$1" .revocations.entries overlay; }
# shellcheck disable=SC2317
has_entries() { [ "$(entries "$1")" = "$2" ]; }

hip_init
hosts=(alice bob carol dave erin)
for n in "${hosts[@]}"; do hip_host "$n"; done
hip_up "${hosts[@]}"
check 'alice creates it' hip alice create example.com --name alice@example.com
for n in bob carol dave; do
	token=$(hip alice invite "$n@example.com" 2>/dev/null)
	check "$n joins" hip "$n" join "$token"
done
for n in alice bob carol dave; do
	check "$n is in the ring" until_true 40 joined "$n"
done
check 'bob finds carol' until_true 40 finds bob carol
check 'carol finds bob' until_true 40 finds carol bob
check 'carol finds dave' until_true 40 finds carol dave
# Both ways round: one has the other by the overlay, the other by its I2.
check 'bob calls carol' hip bob ping -c 1 carol@example.com
check 'carol calls dave' hip carol ping -c 1 dave@example.com
# Who answered the exchange is in R2-SENT until it has heard (RFC 7401 4.4.2).
check 'they have an association' until_true 20 established bob carol

check 'dave is away' hip_stop dave
check 'alice knows that' until_true 20 lacks alice dave
said=$(hip alice --json revoke carol@example.com)
equal 'one certificate is revoked' 1 "$(jq -r .revoked <<<"$said")"
equal 'that of carol' "${HIP_HIT[carol]}" "$(jq -r '.hits[]' <<<"$said")"
equal 'neighbours have the list' true \
	"$(jq -r '.confirmed > 0 and .told >= .confirmed' <<<"$said")"
check 'bob has it' until_true 10 has_entries bob 1
check 'carol is told, too' until_true 5 warns_revoked carol
hip carol status --check >/dev/null
equal 'its status --check fails' 1 $?
equal 'its overlay says so' true "$(hip_json carol .revoked overlay)"
check 'and its status' eval \
	'hip carol status | grep -q "example.com: certificate revoked"'
# at_once COMMAND...: carol's fails without waiting, and says what helps.
at_once() {
	local said rc from=$EPOCHSECONDS
	said=$(hip carol "$@" 2>&1); rc=$?
	[ $rc -eq 1 ] && [ $((EPOCHSECONDS - from)) -le 3 ] &&
		grep -q "revoked this host's certificate.*new invitation" <<<"$said"
}
check 'it does not look for names in vain' at_once resolve bob@example.com
check 'nor to call them' at_once ping -c 1 dave@example.com
check 'alice has no association with carol' until_true 10 without alice carol
check 'nor has bob' until_true 10 without bob carol
check 'bob finds carol no more' until_true 5 finds_none bob carol
check 'nor does alice' until_true 5 finds_none alice carol
check 'bob and alice have each other' finds bob alice
check 'carol is not let in any more, and says why' eval \
	'! said=$(hip carol ping -c 1 --timeout 5 "${HIP_HIT[bob]}" 2>&1) &&
	grep -q "certificate is revoked.*new invitation" <<<"$said"'
# refused_at_once HOST
refused_at_once() {
	local said rc from=$EPOCHSECONDS
	said=$(hip "$1" ping -c 1 "${HIP_HIT[carol]}" 2>&1); rc=$?
	[ $rc -eq 1 ] && [ $((EPOCHSECONDS - from)) -le 3 ] &&
		grep -q 'has revoked its certificate' <<<"$said"
}
check 'nor called, which is said at once' refused_at_once bob
check '  by alice, too' refused_at_once alice

check 'dave is back' hip_up dave
check 'it is in the ring' until_true 40 joined dave
check 'it has heard of it' until_true 60 has_entries dave 1
check 'and has no association with carol' until_true 90 without dave carol
check 'and does not find it' until_true 5 finds_none dave carol
check 'a second one' hip alice revoke dave@example.com
check 'is added' until_true 10 has_entries bob 2
check 'bob lets go of dave' until_true 10 without bob dave

# No invitation is open: who comes with one of those that are spent hears it.
code=0
said=$(hip erin join "$token" --timeout 20 2>&1) || code=$?
check 'what another host has used is refused' eval \
	'[ $code -eq 1 ] && grep -q "another host has used it" <<<"$said"'
check 'carol is not let in for that' without alice carol

# The news are lost, and the link with them.
token=$(hip alice invite erin@example.com 2>/dev/null)
check 'erin joins' hip erin join "$token"
check 'erin is in the ring' until_true 40 joined erin
check 'bob has it for a neighbour' until_true 40 eval '! lacks bob erin'
nl_impair bob eth0 loss=100
check 'a third one, while nothing reaches bob' hip alice revoke erin@example.com
check 'bob is given up' until_true 40 lacks alice bob
equal 'it has not heard' 2 "$(entries bob)"
nl_impair bob eth0
# From who finds the way back first; it fetches the list itself in a minute.
check 'it hears of it when it is reached again' until_true 90 has_entries bob 3
hip_end
