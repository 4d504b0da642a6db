#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Contacts: names of an overlay that are found before they are asked for, also
# after a restart; associations that are kept, made again when they were lost,
# and let go; and who may change them.
# Budget: 60 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

at=127.0.0.154

# shellcheck disable=SC2317  # until_true calls these
joined() { [ "$(hip_json "$1" .joined overlay)" = true ]; }
published() { [ "$(hip_json "$1" '.names[].state' names)" = published ]; }
# contact NAME FILTER: of alice.
contact() { hip_json alice ".contacts[] | select(.name == \"$1\") | $2" contact; }
# found NAME HOST: alice knows it without having been asked for it.
found() {
	[ "$(contact "$1@example.com" '.state + " " + .hits[0].hit + " " + .hits[0].proof')" = \
		"found ${HIP_HIT[$1]} authority" ]
}
has_state() { [ "$(contact "$1" .state)" = "$2" ]; }
# line HOST STATE: alice's association with it.
line() { [ "$(hip_state alice "$1")" = "$2" ]; }
# spi HOST: which it has with alice, who so tells one association from the next.
spi() {
	hip_json alice ".associations[] | select(.hit == \"${HIP_HIT[$1]}\") | .spi_in" peers
}
asks_dns() {
	nl_in alice nslookup -type=aaaa "$1@example.com" "$at" |
		grep -qi "${HIP_HIT[$1]}"
}

hip_init
for n in alice bob dave erin; do hip_host "$n"; done
# Dave and erin are in no overlay: nothing but a contact keeps a line to them.
hip_meet alice dave
hip_meet alice erin
hip_set alice 'idle_s = 4'
arguments=()
for n in bob alice; do
	HIP_PEERS[$n]+="names { publish = { $n@example.com } }
"
	mkdir -p "$HIP_DIR/$n/state"
	arguments+=("$HIP_DIR/$n/state" "$HIP_DIR/$n/identity.pem"
		"$n@example.com" "$(hip_address "$n")")
done
check 'memberships are made' "$HIP_BUILD/tests/netns/members" example.com \
	"${arguments[@]}"
for n in bob alice; do chown -R nobody "$HIP_DIR/$n/state"; done
hip_up alice bob dave erin
dave=${HIP_HIT[dave]} erin=${HIP_HIT[erin]}
for n in bob alice; do
	check "$n is in the ring" until_true 30 joined "$n"
	check "its name is published" until_true 20 published "$n"
done

# --- what is kept, and what is not
check 'erin is a contact' hip alice contact add "$erin"
check 'dave is one that is kept' hip alice contact add "$dave" --keep
check 'it is associated with at once' until_true 5 line dave established
first=$(spi dave)
check 'erin when she is called' hip alice ping -c 1 "$erin"
equal 'of erin the line is there, too' established "$(hip_state alice erin)"

# --- names
check 'bob is a contact' hip alice contact add Bob@Example.com
check 'he is found' until_true 15 found bob
check 'one whom nobody is' hip alice contact add nobody@example.com
check 'is not found' until_true 15 has_state nobody@example.com absent
check 'one of elsewhere' hip alice contact add carol@example.org
equal 'cannot be' absent "$(contact carol@example.org .state)"
equal 'a line for each' "bob@example.com found ${HIP_HIT[bob]}" \
	"$(hip alice contact | awk '/^bob/ { print $1, $2, $3 }')"
equal 'names show them' 5 "$(hip_json alice '.contacts | length' names)"
equal 'so does status' true "$(hip_json alice \
	".contacts[] | select(.name == \"$dave\") | .keep" status)"
check 'and so that people see it' eval \
	"hip alice status | grep -q '^contacts  *5, found: 3, kept: 1'"

# --- the line to erin is idle and closed, that to dave is not
# The overlay asks whoever is associated whether it is in the ring, at first.
check 'the line to erin ends' until_true 20 eval '! line erin established'
equal 'that to dave stands' established "$(hip_state alice dave)"
equal 'and is the first one' "$first" "$(spi dave)"

# --- dave is lost, and back
hip_forget dave
hip_stop dave >/dev/null
check 'dave is gone' until_true 5 eval '! line dave established'
hip_forget dave
hip_up dave
check 'his line is made again' until_true 20 line dave established
equal 'by alice' "$dave established" \
	"$(contact "$dave" '.hits[0] | .hit + " " + .association')"

# --- a restart
hip_stop alice
hip_forget alice
hip_up alice
check 'dave is kept over a restart' until_true 10 line dave established
check 'bob is found again' until_true 20 found bob
check 'DNS has him' asks_dns bob
check 'and so have calls' hip alice ping -c 1 bob@example.com

# --- it need not be kept any more
check 'dave is not kept any more' hip alice contact add "$dave"
equal 'but a contact' false "$(contact "$dave" .keep)"
check 'his line ends, too' until_true 20 eval '! line dave established'
check 'bob is no contact any more' hip alice contact remove bob@example.com
equal 'nobody knows of him' '' "$(contact bob@example.com .name)"
hip alice contact remove bob@example.com >/dev/null 2>&1
equal 'so there is nobody to remove' 4 $?

# --- who may
nl_in alice setpriv --reuid 12345 --regid 12345 --clear-groups \
	"$HIP_BUILD/hipline" -s "$HIP_DIR/alice/run/control.sock" \
	contact add bob@example.com >/dev/null 2>"$HIP_DIR/err"
equal 'a stranger adds nobody' 1 $?
check 'and is told why' grep -q 'contact needs more rights' "$HIP_DIR/err"
equal 'there is none' '' "$(contact bob@example.com .name)"
hip_end
