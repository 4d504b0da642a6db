#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# A member that does what it must not is refused each time, and counted: false
# certificates, records, lists, lives, signatures; after its revocation, too.
# Budget: 120 s, long 120 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

joined() { [ "$(hip_json "$1" .joined overlay)" = true ]; }
joins() { hip "$1" join "$2" && until_true 30 joined "$1"; }
published() {
	[ "$(hip_json "$1" '[.names[].state] | unique | join(" ")' names)" = published ]
}
# resident: KiB of alice's resolver.
resident() {
	awk '$1 == "VmRSS:" { print $2 }' "/proc/$(hip_resolver alice)/status"
}
# ends: of associations with mallory.
ends() { grep -c "peer=${HIP_HIT[mallory]} unassociated" "$HIP_DIR/alice/log"; }
refused() { hip_json alice .refused overlay; }
# renegade: from mallory's host; its verdicts become ours.
renegade() {
	local line
	nl_in mallory "$NL_BIN/renegade" "$HIP_DIR/alice/state/authority.pem" \
		"$HIP_DIR/mallory/identity.pem" "$HIP_DIR/mallory/was" \
		"$HIP_DIR/mallory/revoked" \
		"$HIP_DIR/bob/identity.pem" "$HIP_DIR/bob/state" \
		"${HIP_HIT[alice]}" >"$HIP_DIR/renegade" 2>&1
	grep -q '^refused' "$HIP_DIR/renegade" || fail 'it came to its end'
	while read -r line; do
		case $line in
		ok\ *) pass "${line#ok }" ;;
		refused\ *) ;;
		*) fail "${line#FAIL }" ;;
		esac
	done <"$HIP_DIR/renegade"
}

hip_init
NL_FAST=1
for n in alice bob mallory; do hip_host $n; done
hip_up alice bob mallory
check 'alice creates the overlay' hip alice create example.com --name alice@example.com
for n in bob mallory; do
	check "$n joins" joins $n "$(hip alice invite $n@example.com 2>"$HIP_DIR/said")"
done
for n in alice bob mallory; do check "$n's name is published" until_true 30 published $n; done

# Its daemon keeps its associations, and its overlay is forgotten there:
# so nobody but the renegade speaks for it.
# Its certificate is revoked, and it is given another one: so it is a member, and
# has one that holds no more.
mkdir "$HIP_DIR/mallory/was" "$HIP_DIR/mallory/revoked"
cp "$HIP_DIR/mallory/state/membership.json" "$HIP_DIR/mallory/revoked/"
check "mallory's certificate is revoked" hip alice revoke mallory@example.com
check 'it leaves' hip mallory leave
check 'and joins anew' joins mallory "$(hip alice invite mallory@example.com 2>"$HIP_DIR/said")"
check "mallory's name is published" until_true 30 published mallory

check 'mallory stops' hip_stop mallory
mv "$HIP_DIR/mallory/state/membership.json" "$HIP_DIR/mallory/was/"
# A raw socket is given segments that were joined as one.
hip_set mallory 'offload = off'
hip_knows mallory alice
hip_up mallory
check 'it comes back as nobody' hip_pings_all mallory alice 1

# shellcheck disable=SC2034  # eval
before=$(refused) resident=$(resident) ends=$(ends)
renegade
# That its former certificate was revoked a moment ago ends nothing.
equal 'its association stands' "$ends" "$(ends)"
# 16 of those messages wait, and not 2,000, which were 10 MiB.
hip_sanitized || between "alice's resolver grew by, KiB" -4096 4096 \
	$(($(resident) - resident))
count=$(sed -n 's/^refused //p' "$HIP_DIR/renegade")
check "$count refused, as alice counts" until_true 10 eval \
	'[ $(($(refused) - before)) -ge "$count" ]'
for n in alice bob; do
	equal "who bob is, to $n" "${HIP_HIT[bob]} authority" \
		"$(hip_json $n '.hits[] | .hit + " " + .proof' resolve bob@example.com)"
	check "$n takes nobody for who has no proof" eval \
		'! hip $n resolve nobody@example.com'
	equal "$n's name is its own still" published \
		"$(hip_json $n '.names[].state' names)"
done

check 'mallory is found' hip alice resolve mallory@example.com
check 'mallory is revoked' hip alice revoke mallory@example.com
check 'it is not let in any more' until_true 10 eval '! hip_pings_all mallory alice 1'
check 'its name leads nowhere' eval '! hip alice resolve mallory@example.com'
hip_end
