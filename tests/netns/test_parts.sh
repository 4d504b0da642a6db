#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# An authority that has revoked 2,000 certificates, which no one list can
# carry: members have them all, one that joins then, too, and one that begins
# again has them from its disk; one more is known to all at once.
# Budget: 300 s, long 300 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

many=2000
# shellcheck disable=SC2317  # until_true calls these
joined() { [ "$(hip_json "$1" .joined overlay)" = true ]; }
# has HOST N: so many are revoked there, and no part is missing.
# shellcheck disable=SC2317
has() {
	[ "$(hip_json "$1" '.revocations | "\(.entries) \(.missing)"' \
		overlay)" = "$2 0" ]
}
# shellcheck disable=SC2317
without() { [ -z "$(hip_state "$1" "$2")" ]; }

hip_init
hosts=(alice bob carol dave)
for n in "${hosts[@]}"; do hip_host "$n"; done
hip_up "${hosts[@]}"
check 'alice creates it' hip alice create example.com --name alice@example.com
for n in bob carol; do
	token=$(hip alice invite "$n@example.com" 2>/dev/null)
	check "$n joins" hip "$n" join "$token"
	check "$n is in the ring" until_true 40 joined "$n"
done
check 'bob finds carol' until_true 40 hip bob resolve carol@example.com
check 'bob calls carol' hip bob ping -c 1 carol@example.com
check 'alice is away' hip_stop alice
equal "its authority revokes $many" $many \
	"$("$HIP_BUILD/tests/netns/revoker" "$HIP_DIR/alice/state" \
		example.com $many)"
check 'alice is back' hip_up alice
check 'it has them all' until_true 60 has alice $many
check 'bob has them' until_true 150 has bob $many
check 'carol has them' until_true 150 has carol $many
equal 'no warning of it' '' "$(hip_json alice \
	'.warnings[] | select(.code == "revocations-too-many") | .code' status)"
token=$(hip alice invite dave@example.com 2>/dev/null)
check 'dave joins' hip dave join "$token"
check 'it has them, too' until_true 150 has dave $many

said=$(hip alice --json revoke carol@example.com)
equal 'one more is revoked' 1 "$(jq -r .revoked <<<"$said")"
equal 'all of them are on the list' $((many + 1)) \
	"$(jq -r .list.entries <<<"$said")"
check 'bob knows at once' until_true 10 has bob $((many + 1))
check 'dave knows at once' until_true 10 has dave $((many + 1))
check 'bob has no association with carol' until_true 10 without bob carol
check 'carol is not let in any more' eval \
	'! hip carol ping -c 1 --timeout 5 "${HIP_HIT[bob]}"'

check 'all others are away' hip_stop alice carol dave
check 'bob begins again' hip_stop bob
check 'alone' hip_up bob
check 'it has them from its disk' until_true 20 has bob $((many + 1))
hip_end
