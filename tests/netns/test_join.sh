#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Three hosts: one creates an overlay, the others join it by invitation, also
# while the authority is down, leave, and join again.
# Budget: 120 s, long 120 s
here=$(cd "$(dirname "$0")" && pwd)
HIP_TAG=${HIP_TAG:-jn}
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$here/hip.sh"
hip_init
for n in a b c d; do hip_host $n; done
hip_knows d a
hip_up a b c d

# refused WHAT STATUS TEXT COMMAND...: it fails so, and says why.
refused() {
	local what=$1 status=$2 text=$3 said rc; shift 3
	said=$("$@" 2>&1); rc=$?
	if [ $rc -eq "$status" ] && grep -q -- "$text" <<<"$said"; then
		pass "$what"
	else
		fail "$what: status $rc, $said"
	fi
}
# shellcheck disable=SC2317  # until_true calls it
warns() { hip_json "$1" '.warnings[].code' status | grep -qx "$2"; }
certificate() { jq -r .certificate "$HIP_DIR/$1/state/membership.json"; }

refused 'nobody invites before there is an overlay' 1 'hipline create' \
	hip a invite bob@example.com
refused 'an overlay has a domain for a name' 2 'no name for an overlay' \
	hip a create 'no domain'
refused 'the own name is of that domain' 1 'not of the domain' \
	hip a create example.com --name alice@example.net
created=$(hip a --json create example.com --name alice@example.com 2>"$HIP_DIR/noted")
check 'and that the owner of the domain has had no say' grep -q \
	'if example.com is a domain of the public DNS.*not confirmed.*take another' "$HIP_DIR/noted"
equal 'a creates the overlay' example.com "$(jq -r .overlay <<<"$created")"
equal 'under its name' alice@example.com "$(jq -r .name <<<"$created")"
refused 'once only' 1 'already' hip a create example.com
equal 'the key is for its owner only' 600 \
	"$(stat -c %a "$HIP_DIR/a/state/authority.pem")"

refused 'a name of another domain is not invited' 1 'not of the domain' \
	hip a invite bob@example.net
token=$(hip a invite bob@example.com 2>"$HIP_DIR/said")
equal 'with the fingerprint beside it' "$(jq -r .authority.fingerprint <<<"$created")" \
	"$(sed -n 's/.* fingerprint \([0-9a-f]*\):.*/\1/p' "$HIP_DIR/said")"
equal 'an invitation is one line' 1 "$(wc -l <<<"$token")"
equal 'that begins so' hipline1: "${token:0:9}"
refused 'what is cut short is no invitation' 1 'no invitation' \
	hip b join "${token%????}"
said=$(hip b join - <<<$'\n  '"$token" 2>"$HIP_DIR/noted") # with blanks around it
check 'who joins is told that, too' grep -q \
	'example.com is a domain of the public DNS.*not confirmed.*Compare the fingerprint' "$HIP_DIR/noted"
check 'b joins' hip_json b .warnings status
equal 'and is told as what' 'joined example.com as bob@example.com' \
	"$(tail -n 1 <<<"$said")"
check 'a says in its log to whom it gave what' \
	grep -q "gave a certificate to ${HIP_HIT[b]}, name=bob@example.com" "$HIP_DIR/a/log"
equal 'with the fingerprint of the authority' \
	"$(jq -r .authority.fingerprint <<<"$created")" \
	"$(awk '$1 == "fingerprint" { print $2 }' <<<"$said")"
equal 'and the status of b' "$(jq -r .authority.fingerprint <<<"$created")" \
	"$(hip_json b .overlay.authority.fingerprint status)"
equal 'its peers show who the authority is' "true ${HIP_HIT[a]}" "$(hip_json b \
	'.associations[] | select(.authority) | "\(.authority) \(.hit)"' peers)"
check '  and people see that, or its name' eval \
	'hip b peers | grep -Eq "^${HIP_HIT[a]} +(\(authority\)|alice@example.com) "'
check '  which others are not' [ "$(hip_json a '[.associations[].authority] | any' peers)" = false ]
equal 'b is a member' bob@example.com \
	"$(jq -r .name "$HIP_DIR/b/state/membership.json")"
refused 'it publishes no name that was not granted to it' 1 \
	'no certificate of this host is for it' hip b publish dave@example.com
refused 'who is a member does not join' 1 'already' hip b join "$token"
refused 'a name in use is not invited again' 1 'in use' \
	hip a invite bob@example.com
refused 'a number without unit is not a few seconds' 2 'with its unit' \
	hip a invite erin@example.com --expires 5
late=$(hip a invite erin@example.com --expires 1s 2>"$HIP_DIR/said")
late_s=$EPOCHSECONDS
equal 'until when is said' 1 "$(grep -c 'within 1 s: until 20' "$HIP_DIR/said")"
# Only while an invitation is open somebody unknown is let in to be refused.
spent=$token token=$(hip a invite carol@example.com 2>"$HIP_DIR/noted")
check 'the first for a name says nothing of another' eval \
	'! grep -q "another invitation" "$HIP_DIR/noted"'
token=$(hip a invite carol@example.com 2>"$HIP_DIR/noted")
check 'a second one says that the first is open' \
	grep -q 'another invitation for carol@example.com is open, for 24 h 0 min more' "$HIP_DIR/noted"
# nothing_left: c has nothing of what was refused, and does not go on with it.
nothing_left() {
	[ ! -e "$HIP_DIR/c/state/joining" ] && [ ! -e "$HIP_DIR/c/state/membership.json" ] &&
		[ "$(hip_json c .overlay status)" = null ] && ! warns c joining
}
wrong=0 taken=''
for ((i = 0; i < ${#token}; i += 9)); do
	other=A
	[ "${token:i:1}" != A ] || other=B
	said=$(hip c join "${token:0:i}$other${token:i+1}" 2>&1); rc=$?
	wrong=$((wrong + 1))
	[ $rc -eq 1 ] && grep -q 'damaged.*copy all of it once more' <<<"$said" ||
		taken+="$i: $rc, $said; "
done
equal 'one character that is another is noticed wherever it is' '' "$taken"
between '  in so many places' 25 60 $wrong
check '  and nothing is left of them' nothing_left
until_true 3 eval '[ $EPOCHSECONDS -gt $((late_s + 1)) ]'
refused 'one that has expired is refused' 1 \
	'it has expired; ask for another one. It ended 20.* UTC' hip c join "$late"
check '  and nothing is left of it' nothing_left

# One of an overlay that was begun anew, and of another than the own.
hip d create example.org --name dora@example.org >"$HIP_DIR/said"
old=$(hip d invite carl@example.org 2>"$HIP_DIR/said")
left=$(hip d leave 2>&1)
check 'who leaves its authority is told how to take it up again' \
	grep -q 'authority of example.org stays.*hipline create example.org' <<<"$left"
warns_left() { hip d status | grep -q 'authority-left'; }
check '  and status warns of it' warns_left
refused 'which inviting says, too' 1 'no member of it; hipline create example.org' \
	hip d invite carl@example.org
refused 'and another overlay is not begun beside it' 1 \
	'authority of example.org is in .*hipline create example.org' \
	hip d create example.net
rm "$HIP_DIR/d/state"/authority.*
hip d create example.org --name dora@example.org >"$HIP_DIR/said"
check 'another overlay invites' hip d invite carl@example.org
refused 'what its authority of before has given is refused' 1 \
	'of another authority; ask for another one' hip c join "$old"
check '  and nothing is left of it' nothing_left
refused 'who is a member does not join another' 1 \
	'a member of example.com already.*hipline leave' hip b join "$old"
hip d leave
refused 'c does not get what b has spent' 1 'another host has used it' \
	hip c join "$spent"
# While it is open, d comes in for nothing else than that.
# shellcheck disable=SC2317  # until_true calls them
is_guest() { nl_in d ping -c 1 -W 1 "${HIP_HIT[a]}"; [ "$(hip_state a d)" = established ]; }
# reaches PORT: d, by TCP.
reaches() {
	nl_in d timeout 4 socat -u OPEN:/dev/null \
		"TCP6:[${HIP_HIT[a]}]:$1,connect-timeout=3"
}
nl_bg a "$HIP_DIR/other" socat -u "TCP6-LISTEN:7001,fork" -
check 'something else listens at a' until_true 5 hip_listens a 7001
check 'd comes in as a guest' until_true 10 is_guest
equal 'which peers show' 'true established(guest)' "$(hip_json a \
	".associations[] | select(.hit == \"${HIP_HIT[d]}\") | .guest" peers) $(
	hip a peers | awk -v hit="${HIP_HIT[d]}" '$1 == hit { print $3 $4 }')"
check 'it reaches the authority' reaches 6084
check 'and nothing else by TCP' eval '! reaches 7001'
check 'nor by ICMPv6' eval '! nl_in d ping -c 2 -i 0.2 -W 1 "${HIP_HIT[a]}"'
check 'which is counted' eval '[ "$(hip_json a ".data_drop_guest_refused" counters)" -gt 0 ]'
came() { hip_json d '[.associations[].packets_in] | add' peers; }
before=$(came)
nl_in a ping -c 2 -i 0.2 -W 1 "${HIP_HIT[d]}"
equal 'and nothing goes to it' "$before" "$(came)"
check 'c is no member' test ! -e "$HIP_DIR/c/state/membership.json"
refused 'only the authority invites' 1 "on another host, ${HIP_HIT[a]}" \
	hip b invite carol@example.com

# The guest is known as a member now: it stays, and its association with it.
check 'a knows b' hip_pings_all a b 3
check 'a finds b by its name' until_true 60 hip a resolve bob@example.com
equal 'because the authority says so' authority \
	"$(hip_json a '.hits[0].proof' resolve bob@example.com)"
check 'and b finds a' until_true 60 hip b ping -c 1 alice@example.com

before=$(certificate b)
check 'b leaves' hip b leave
gone() { hip a resolve bob@example.com >/dev/null 2>&1; [ $? -eq 4 ]; }
check '  and so does its name' until_true 8 gone
check 'and has forgotten' test ! -e "$HIP_DIR/b/state/membership.json"
refused 'it cannot leave twice' 1 'no overlay' hip b leave
check 'b joins again with the same invitation' hip b join "$spent"
equal 'and gets the same certificate' "$before" "$(certificate b)"

# While the authority is down.
check 'the authority ends' hip_stop a
hip c join "$token" >"$HIP_DIR/c.said" 2>&1 & joining=$!
for command in status overlay; do
	check "$command of c says at once that it is joining" until_true 5 eval \
		'[ "$(hip_json c .joining.name '$command')" = carol@example.com ]'
	check "  and as whom" eval \
		'hip c '$command' | grep -q "example.com: joining as carol@example.com; the authority"'
done
check 'c says that it waits, and for whom' until_true 60 \
	grep -q "authority's host at .*:10500.* does not answer\. Waiting;" "$HIP_DIR/c.said"
check 'which does not blame the invitation' eval \
	'! grep "does not answer" "$HIP_DIR/c.said" | grep -q expired'
check 'and warns' until_true 5 warns c joining
check 'and what it may be waiting for' until_true 40 \
	grep -q 'may be used or have expired.*ask for another invitation' "$HIP_DIR/c.said"
refused 'd waits no longer than it is told' 1 \
	'no certificate after 1.0 s: the authority.s host at .*:10500.* has not answered yet.*goes on with it' \
	hip d join "$token" --timeout 1
check '  and gives it up' hip d leave
refused 'c joins nothing else meanwhile' 1 joining \
	hip c create example.org
kill $joining; wait $joining 2>/dev/null
check 'c starts anew meanwhile' hip_again c
hip_up a
check 'c has joined by itself when the authority is back' \
	until_true 90 test -e "$HIP_DIR/c/state/membership.json"
check 'it warns no more' until_true 5 eval '! warns c joining'
check 'the invitation is kept no longer' test ! -e "$HIP_DIR/c/state/joining"

# Members are known after a restart of the authority.
check 'c reaches a' hip_pings_all c a 3
check 'carol is revoked' hip a revoke carol@example.com
refused 'once' 4 'no certificate' hip a revoke carol@example.com
refused 'not the own host' 1 'own host' hip a revoke "${HIP_HIT[a]}"
# What its resolver keeps of the overlay goes, though it was killed.
# shellcheck disable=SC2317  # until_true calls it
keeps() { grep -aq example.com "$HIP_DIR"/c/state/names/*; }
check 'c keeps something of it' until_true 10 keeps
resolver=$(hip_resolver c)
kill -STOP "$resolver"
check 'c leaves' hip c leave
kill -9 "$resolver"
check 'and has nothing of it any more' until_true 20 eval '! keeps'
revoked=$token token=$(hip a invite carol@example.com --expires 1h 2>"$HIP_DIR/said")
refused 'and does not come back with it' 1 'does not hold any more' \
	hip c join "$revoked"
check 'the name can be invited again' hip c join "$token"
equal 'to c' carol@example.com \
	"$(jq -r .name "$HIP_DIR/c/state/membership.json")"

# Its files are gone for a while.
hip_stop a
mv "$HIP_DIR/a/state/authority.db" "$HIP_DIR/authority.db"
hip_up a
refused 'without its files the authority is not said to be elsewhere' 1 \
	'belongs on this host' hip a invite dora@example.com
refused 'nor to export' 1 'belongs on this host' \
	hip a authority export "$HIP_DIR/no-backup"
hip_stop a
rm -f "$HIP_DIR/a/state/authority.db"*
mv "$HIP_DIR/authority.db" "$HIP_DIR/a/state/authority.db"
hip_up a

# The authority is brought to another host.
check 'a warns while there is no backup' warns a authority-not-exported
check 'it is exported' hip a authority export "$HIP_DIR/backup"
equal 'for its owner only' 600 "$(stat -c %a "$HIP_DIR/backup")"
check 'a warns no more' eval '! warns a authority-not-exported'
refused 'no file is written over' 1 "$HIP_DIR/backup" \
	hip a authority export "$HIP_DIR/backup"
refused 'what is there is not replaced' 1 'move authority.pem' \
	hip a authority import "$HIP_DIR/backup"
check 'c leaves' hip c leave
check 'it is imported' hip c authority import "$HIP_DIR/backup"
equal 'and is the same' "$(jq -r .authority.fingerprint <<<"$created")" \
	"$(hip_json c .authority.fingerprint create example.com --name dan@example.com)"
refused 'the names are taken there, too' 1 'in use' hip c invite bob@example.com
check 'all end' hip_stop a b c

# --- a host with no address but the loopback's
nl_node lone
hip_identity lone || fail "no identity"
hip_up lone
check 'it makes an overlay' eval 'hip lone create lone.internal --name lone@lone.internal 2>"$HIP_DIR/noted"'
check 'whose name is nobody'\''s: nothing is said of an owner' \
	test ! -s "$HIP_DIR/noted"
refused 'nobody could find who invites' 1 '--locator' \
	hip lone invite bob@lone.internal
check 'until it is told where' hip lone invite bob@lone.internal \
	--locator 192.0.2.1
hip_end
