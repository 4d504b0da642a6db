#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Names that no certificate proves, where unverified = first-use: the host that
# is seen first is remembered, over restarts; another one later, or two at
# first sight, is refused and said, until the operator decides.
# Budget: 60 s, long 60 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

# is NAME: the HIT that a believes in, and why; or the reason that there is none.
is() { hip_json a '"\(.hits[0].proof) \(.hits[0].hit)"' resolve "$1" 2>&1; }
is_now() { [[ "$(is "$1")" == *"$2"* ]]; }
published() { hip_json "$1" ".names[] | select(.name == \"$2\") | .state" names | grep -qx published; }
warns() { hip_json a ".warnings[] | select(.code == \"$1\").text" status | grep -q "$2"; }
seen() { hip_json a ".seen[] | select(.name == \"$1\").hit" names; }

hip_init
for n in a b c; do hip_host $n; done
HIP_PEERS[a]='names { unverified = first-use }
'
hip_up a b c
hip a create example.com --name alice@example.com >"$HIP_DIR/said" ||
	{ fail "no overlay: $(cat "$HIP_DIR/said")"; hip_end; }
check 'b joins' hip b join "$(hip a invite bob@example.com)"
check 'c joins' hip c join "$(hip a invite carol@example.com)"

shop=shop@other.example
check 'b publishes a name of another domain' hip b publish $shop
check '  it is there' until_true 15 published b $shop
check 'a believes what it sees first' until_true 10 is_now $shop first-use
equal '  it is b' "first-use ${HIP_HIT[b]}" "$(is $shop)"
equal '  names shows it' "${HIP_HIT[b]}" "$(seen $shop)"
check '  for people, too' eval 'hip a names | grep -q "$shop *seen *first-use *${HIP_HIT[b]}"'
check 'c, which does not use it, is told nothing' eval '! hip c resolve $shop'
check '  but that nothing unverified is taken' eval \
	'hip c resolve $shop 2>&1 | grep -q "other domains is unverified, and refused"'
equal 'b is told that its own name is itself' 1 \
	"$(hip b ping -c 1 bob@example.com 2>&1 | grep -c 'bob@example.com is this host itself')"

check 'b takes it back' hip b unpublish $shop
check 'c publishes it' hip c publish $shop
check '  it is there' until_true 15 published c $shop
check 'a refuses c' until_true 15 is_now $shop 'contradict'
check '  and warns, with both' until_true 5 warns name-contradicted \
	"$shop was ${HIP_HIT[b]} at first use, and another host, ${HIP_HIT[c]}"
check 'a begins anew' hip_again a
check '  and still refuses c' until_true 30 is_now $shop 'contradict'
equal '  as it has seen b' "${HIP_HIT[b]}" "$(seen $shop)"
check 'its resolver is killed' kill -9 "$(hip_resolver a)"
check '  and the next one refuses c, too' until_true 30 is_now $shop 'contradict'

check 'unpin forgets b' hip a unpin $shop
check '  so that c is seen first' until_true 15 is_now $shop "first-use ${HIP_HIT[c]}"
equal '  names shows it' "${HIP_HIT[c]}" "$(seen $shop)"
check '  and nothing is to warn of' eval '! warns name-contradicted .'
check 'c takes it back' hip c unpublish $shop
check 'b publishes it again' hip b publish $shop
check '  and is refused' until_true 15 is_now $shop 'contradict'
check 'a pin decides' hip a pin $shop "${HIP_HIT[b]}"
equal '  for b' "pin ${HIP_HIT[b]}" "$(is $shop)"
check '  and nothing is to warn of' eval '! warns name-contradicted .'
check 'unpin forgets both, the pin and c' hip a unpin $shop
check '  so that b is seen first' until_true 15 is_now $shop "first-use ${HIP_HIT[b]}"
check '  and can be forgotten' hip a unpin $shop
check '  so that names shows nothing' eval '[ -z "$(seen $shop)" ]'
status=0; hip a unpin nobody@other.example 2>"$HIP_DIR/said" || status=$?
equal 'what was never seen is no name' 4 $status

# Two at first sight.
bank=bank@other.example
check 'b and c publish one name' eval 'hip b publish $bank && hip c publish $bank'
check '  the second hears of the first' until_true 15 eval \
	'hip c names | grep -q "$bank *conflict"'
check 'a believes neither' until_true 10 is_now $bank contradict
equal '  and remembers none' '' "$(seen $bank)"
# In the overlay's own domain certificates speak against a pin.
bob=bob@example.com
against() { hip_json a '.against | join(" ")' resolve $bob; }
check 'a pins the name of b to c' hip a pin $bob "${HIP_HIT[c]}"
equal '  the pin answers' "pin ${HIP_HIT[c]}" "$(is $bob)"
equal '  with the host that has the certificate' "${HIP_HIT[b]}" "$(against)"
check '  for people, too' eval 'hip a resolve $bob 2>&1 | grep -q "${HIP_HIT[b]} claims the name, too"'
check '  and that is warned of, with both' warns pin-contradicted \
	"$bob is bound here to ${HIP_HIT[c]}, and a certificate in the overlay is for ${HIP_HIT[b]}"
check 'a pins it to b' hip a pin $bob "${HIP_HIT[b]}"
equal '  which nothing speaks against' "pin ${HIP_HIT[b]} " "$(is $bob) $(against)"
check '  nor is there anything to warn of' eval '! warns pin-contradicted .'
check 'a pins it to c again' hip a pin $bob "${HIP_HIT[c]}"
check '  and is warned without having asked' until_true 5 warns pin-contradicted "$bob"
check 'unpin leaves it to the certificate' hip a unpin $bob
equal '  which is for b' "authority ${HIP_HIT[b]}" "$(is $bob)"
check '  and nothing is to warn of' eval '! warns pin-contradicted .'

# --- a name of two devices, by the authority's word
device='.names[] | select(.name == "bob@example.com") | .state + " " + (.reason // "")'
equal 'b is the only one with its name' 'published ' "$(hip_json b "$device" names)"
carol_is_gone() { hip a resolve carol@example.com >/dev/null 2>&1; [ $? -eq 4 ]; }
check 'c leaves' hip c leave
check '  and so does its name' until_true 8 carol_is_gone
check 'and joins as a device of the same name' hip c join \
	"$(hip a invite bob@example.com --device)"
check '  its name is there' until_true 15 published c bob@example.com
two=$(printf '%s\n' "${HIP_HIT[b]}" "${HIP_HIT[c]}" | sort)
both() {
	[ "$(hip_json a '.hits[] | select(.proof == "authority") | .hit' \
		resolve bob@example.com | sort)" = "$two" ]
}
check '  and leads to both' until_true 15 both
addresses() { nl_in a dig @127.0.0.154 +short +tries=1 +time=3 bob@example.com AAAA | sort; }
two_addresses() { [ "$(addresses)" = "$two" ]; }
check '  as two addresses' until_true 65 two_addresses
sees() {
	[ "$(hip_json "$1" "$device" names)" = \
		"published the authority has granted it, too, to ${HIP_HIT[$2]}" ]
}
check 'c sees that b has it, too' until_true 15 sees c b
check 'b is told when it publishes the name again' hip_again b
check '  that c has it' until_true 15 sees b c
check '  in its status' eval 'hip b status | grep -q "granted it, too, to ${HIP_HIT[c]}"'
# --- one of two is enough, whichever is named first
is_up() { [ "$(hip_state a "$1")" = established ]; }
check 'b ends' hip_stop b
check 'ping of the name reaches c' hip a ping -c 1 --timeout 8 bob@example.com
check '  which is up' until_true 5 is_up c
hip_up b
check 'its name is there again' until_true 15 published b bob@example.com
check 'c ends' hip_stop c
check 'ping of the name reaches b' hip a ping -c 1 --timeout 8 bob@example.com
check '  which is up' until_true 5 is_up b
check 'all end' hip_stop a b
hip_end
