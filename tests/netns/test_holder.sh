#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Where bob's name belongs in the ring somebody hostile stands: it answers with
# a record of its own, a changed one, an old one, that there is none, or not at
# all. Who asks finds bob under the second key, says whom it did not believe,
# and never takes another host for bob.
# Budget: 90 s, long 90 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

name=bob@example.com
# shellcheck disable=SC2317  # eval and until_true call these
disbelieved() { hip_json carol .disbelieved overlay; }
# shellcheck disable=SC2317  # until_true calls it
counts() { [ "$(disbelieved)" != null ] && [ "$(disbelieved)" -ge "$1" ]; }
# shellcheck disable=SC2317
associated() { [ "$(hip_state carol mallory)" = established ]; }
# shellcheck disable=SC2317
asked() { grep -c "^asked $1 $holding\$" "$HIP_DIR/holder"; }
# hold WHAT: mallory answers so, from now on.
hold() {
	holding=$1
	echo "$holding" >"$HIP_DIR/what.new"
	mv "$HIP_DIR/what.new" "$HIP_DIR/what"
}
# finds WHAT AGAINST LIES: bob is found, who is against it is said, and so many
# values at least were not believed by then.
finds() {
	local said
	hold "$1"
	said=$(hip carol --json resolve $name)
	equal "$1: bob" "${HIP_HIT[bob]} authority" \
		"$(jq -r '.hits[] | .hit + " " + .proof' <<<"$said")"
	equal '  against it' "$2" "$(jq -r '.against | join(" ")' <<<"$said")"
	check "  not believed until now: $3" until_true 15 counts "$3"
	check '  it was asked, under both keys' eval \
		'[ "$(asked 0)" -gt 0 ] && [ "$(asked 1)" -gt 0 ]'
}

hip_init
for n in mallory carol; do hip_host $n; done
hip_identity bob
members=(example.com)
for n in mallory carol bob; do
	mkdir -p "$HIP_DIR/$n/state"
	members+=("$HIP_DIR/$n/state" "$HIP_DIR/$n/identity.pem" \
		"$n@example.com" "$(hip_address mallory)")
done
check 'three members' "$NL_BIN/members" "${members[@]}"
# mallory's daemon keeps its associations, and knows of no overlay.
mkdir "$HIP_DIR/mallory/was"
mv "$HIP_DIR/mallory/state/membership.json" "$HIP_DIR/mallory/was/"
chown -R nobody "$HIP_DIR"/{mallory,carol}/state
hip_set mallory 'offload = off' # a raw socket gets segments as they were sent
hip_meet mallory carol
hip_up mallory
# It is there before anybody asks: who is not answered at all is given up.
hold own
nl_bg mallory "$HIP_DIR/holder" "$NL_BIN/holder" "$HIP_DIR/what" \
	"$HIP_DIR/mallory/identity.pem" "$HIP_DIR/mallory/was" \
	"$HIP_DIR/bob/identity.pem" "$HIP_DIR/bob/state" $name
until_true 10 grep -q ready "$HIP_DIR/holder" ||
	fail "it does not run: $(cat "$HIP_DIR/holder")"
hip_up carol
check 'carol has a way in' until_true 20 associated

finds own "${HIP_HIT[mallory]}" 1
check '  in the log, too' until_true 5 \
	grep -q "$name: 1 hosts are not believed, among them ${HIP_HIT[mallory]}" "$HIP_DIR/carol/log"
check '  and beside what is printed' eval \
	'hip carol resolve $name 2>&1 >"$HIP_DIR/out" | grep -q "${HIP_HIT[mallory]} claims"'
# Asked twice until now.
finds changed '' 3
finds old '' 4
finds denied '' 4
finds silent '' 4

hold both
hip carol resolve $name >"$HIP_DIR/out" 2>"$HIP_DIR/said"
equal 'both: it is not taken for bob' "4 0" "$? $(wc -l <"$HIP_DIR/out")"
check '  though it was asked more than once' eval '[ "$(asked 0)" -gt 1 ]'
hip_end
