#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# A bootstrap by its name in DNS: a host joins through it and finds the ring,
# also when DNS is silent at first and when its record becomes another.
# Budget: 200 s, long 200 s
set -u
HIP_TAG=${HIP_TAG:-bs}
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"
# shellcheck source=zone.sh
. "$(dirname "$0")/zone.sh"

# hub HOST...: hub.example.org is at the address of the first, and has the
# records of all of them.
hub() {
	local n lines=("$(in_zone hub "${NL_IP[$1.eth0]}")")
	for n; do lines+=("$(hip_in_zone hub "${RR[$n]}")"); done
	zone "${lines[@]}"
}
warns() { hip_json "$1" '.warnings[].code' status | grep -qx "$2"; }
no_warning() { ! warns "$1" "$2"; }
joined() { [ "$(hip_json "$1" .overlay.joined status)" = true ]; }
member() { [ -s "$HIP_DIR/$1/state/membership.json" ]; }
# of HOST FILTER: what it says of its one bootstrap.
of() { hip_json "$1" ".overlay.bootstraps[0]$2" status; }
believes() { [ "$(of "$1" '.hits[0]')" = "${HIP_HIT[$2]}" ]; }
# afresh HOST: started as one who knows nobody but by its bootstraps.
afresh() {
	hip_stop "$1" || return
	hip_forget "$1"
	find "$HIP_DIR/$1/state" -name '*.db*' -delete
	hip_up "$1"
}

hip_init
hip_host ns
for n in a b c d; do
	hip_host $n
	hip_etc $n
	echo "127.0.0.1 localhost" >"$HIP_ETC/hosts"
	echo "nameserver ${NL_IP[ns.eth0]}" >"$HIP_ETC/resolv.conf"
done
unset HIP_ETC
HIP_PEERS[b]='overlay { bootstrap = { hub.example.org } }
'
HIP_PEERS[c]=${HIP_PEERS[b]}'names { unverified = first-use }
'
hip_up a b c d
declare -A RR
for n in a b c; do RR[$n]=$(hip $n id --rr); done
hip a create example.com >/dev/null

# --- DNS is silent at first. The invitation names an address of nobody.
hip b join "$(hip a invite bob@example.com --locator 203.0.113.9 2>/dev/null)" \
	>/dev/null 2>&1 &
joining=$!
check 'that nobody knows who the bootstrap is, is said' \
	until_true 40 warns b bootstrap-not-found
hub a
check 'when DNS comes back, the host joins by what it says' until_true 75 member b
wait $joining
check 'and is in the ring' until_true 30 joined b
check 'of which nothing is to be warned' until_true 65 no_warning b bootstrap-not-found
equal 'the bootstrap is that of the record' "${HIP_HIT[a]}" "$(of b '.hits[0]')"
equal 'at the address of DNS' "$(hip_address a)" "$(of b '.locators[0]')"
check 'which makes nobody one that is let in' eval \
	'! grep -q hub.example.org "$HIP_DIR/b/state/hosts.json"'

# --- an invitation that names a host
token=$(hip a invite dave@example.com --locator hub.example.org 2>/dev/null)
zone "$(in_zone hub "${NL_IP[a.eth0]}")" \
	"$(hip_in_zone hub "${RR[b]}")"
hip d join "$token" >/dev/null 2>&1
check 'a host joins by an address of DNS' until_true 30 joined d
equal 'which it keeps by its name' hub.example.org:10500 \
	"$(jq -r '.bootstraps[0].locator' "$HIP_DIR/d/state/membership.json")"
check 'that the record is of another than the invitation says is said' \
	until_true 10 warns d hip-record-conflict
equal 'the latter holds' "${HIP_HIT[a]}" "$(of d '.hits[0]')"
hub a
check 'begun again' afresh d
check 'it finds the ring by that name' until_true 30 joined d
check 'that it has left' hip_stop d

# --- the bootstrap is a member that is not the authority, known by DNS only
hip c join "$(hip a invite carol@example.com 2>/dev/null)" >/dev/null 2>&1
check 'another host joins' until_true 30 joined c
hub b
check 'where the authority is gone' hip_stop a
rm "$HIP_DIR/c/state/hosts.json"
check 'a host begins again, and knows nobody' afresh c
check 'it finds the ring by the record' until_true 30 joined c
equal 'which names the member' "${HIP_HIT[b]}" "$(of c '.hits[0]')"
equal 'established with it' established "$(hip_state c b)"
check 'that is not somebody it would let in unseen' eval \
	'! grep -q "${HIP_HIT[b]}" "$HIP_DIR/c/state/membership.json"'

# --- the record becomes another
hub a
check 'begun again' afresh c
check 'that it is another host than before is said' until_true 10 warns c hip-record-conflict
equal 'the new one is asked, and the one before' 2 "$(of c '.hits | length')"
check 'unpinned' hip c unpin hub.example.org
check 'the new one is that of first use' until_true 10 no_warning c hip-record-conflict
check 'and asked' until_true 10 believes c a
check 'pinned' hip c pin hub.example.org "${HIP_HIT[b]}"
check 'the pin holds' until_true 10 believes c b
check 'and that the record is of another is said' until_true 10 warns c hip-record-conflict
hip c unpin hub.example.org >/dev/null
hub b c a
check 'with several records' afresh c
check 'all but our own are tried' until_true 30 joined c
check 'and the ring is found' eval '[ "$(hip_state c b)" = established ]'
zone "$(in_zone hub "${NL_IP[b.eth0]}")"
check 'without a record' hip c reload
check 'what was known stays' joined c
hip_end
