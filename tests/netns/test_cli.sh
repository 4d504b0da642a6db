#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# What hipline(1) promises of the program holds against a running daemon: exit
# codes, JSON keys, who may do what, pins over a restart.
# Budget: 60 s, long 60 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

# exits WHAT CODE NAME ARG...: hipline of NAME ends with this status.
exits() {
	local what=$1 code=$2 out rc; shift 2
	out=$(hip "$@" 2>&1); rc=$?
	if [ $rc -eq "$code" ]; then
		pass "$what"
	else
		fail "$what: status $rc: $out"
	fi
}

# says WHAT TEXT NAME ARG...: its standard error holds TEXT, in one line that
# begins with "hipline: ", and nothing is on its standard output.
says() {
	local what=$1 text=$2 out err; shift 2
	out=$(hip "$@" 2>"$HIP_DIR/err")
	err=$(cat "$HIP_DIR/err")
	if [ -z "$out" ] && [[ $err == "hipline: "*"$text"* && $err != *$'\n'* ]]; then
		pass "$what"
	else
		fail "$what: out: $out; err: $err"
	fi
}

# keys WHAT EXPECTED FILTER NAME ARG...: the keys of an object in its JSON.
keys() {
	local what=$1 want=$2 filter=$3 n=$4; shift 4
	equal "keys of $what" "$want" \
		"$(hip_json "$n" "$filter | keys_unsorted | sort | join(\" \")" "$@")"
}

# as UID GID ARG...: hipline of alice as an ordinary user.
as() {
	local uid=$1 gid=$2; shift 2
	nl_in alice setpriv --reuid "$uid" --regid "$gid" --clear-groups \
		"$HIP_BUILD/hipline" -s "$HIP_DIR/alice/run/control.sock" "$@"
}

hip_init
hip_host alice; hip_host bob; hip_host carol
hip_meet alice bob
line=$'name = { bob@example.com }\n\tlocator'
HIP_PEERS[alice]=${HIP_PEERS[alice]/locator/$line}
hip_up alice bob carol
bob=${HIP_HIT[bob]}

keys id "algorithm fingerprint hip_record hit self_name" . alice id
keys status "aead associations contacts dns hit interface joining locators mtu names nat offload overlay port relays version warnings workers" . alice status
keys dns "integration listen next nss state suffix system upstream upstream_silent" . alice dns
keys peers associations . alice peers
keys resolve "against hits name" . alice resolve bob@example.com
keys "a resolution" "hit lifetime_s proof" '.hits[0]' alice resolve bob@example.com
keys ping "hit path received rtt_ms sent" . alice ping "$bob" -c 1
keys "a round trip" "max median min" .rtt_ms alice ping "$bob" -c 1
keys "a path" "kind local relay remote" .path alice ping "$bob" -c 1
keys "an association" \
	"age_s authority bytes_in bytes_out esp_suite guest hit idle_s mtu names packets_in packets_out path reason rekeys spi_in spi_out state" \
	'.associations[0]' alice peers
for command in id status peers counters "resolve bob@example.com" "ping $bob -c 1"; do
	# shellcheck disable=SC2086  # a command and its arguments
	equal "lines of $command --json" 1 "$(hip alice --json $command | wc -l)"
done

equal "alice's HIT" "${HIP_HIT[alice]}" "$(hip_json alice .hit id)"
equal "own name proves itself" self \
	"$(hip_json alice '.hits[0].proof' resolve "x@$(hip_json bob .self_name id)")"
equal "and gives the HIT" "$bob" \
	"$(hip alice resolve "x@$(hip_json bob .self_name id)" | cut -d ' ' -f 1)"
equal "a name of a peer section" "$bob" \
	"$(hip alice resolve BOB@Example.com | cut -d ' ' -f 1)"
equal "its association has that name" bob@example.com \
	"$(hip_json alice '.associations[0].names[0]' peers)"
equal "direct to bob" "direct $(hip_address bob)" \
	"$(hip_json alice '.path | .kind + " " + .remote' ping "$bob" -c 1)"
equal "all pings come back" "20 20" \
	"$(hip_json alice '"\(.sent) \(.received)"' ping bob@example.com -c 20 -i 0.01)"

says "no associations are said to be none" "there are no associations" carol peers
says "no names are said to be none" "no names are published" alice names
equal "in JSON they are an empty list" '[]' "$(hip_json alice '.names | tostring' names)"
says "no contacts are said to be none" "there are no contacts" alice contact
exits "no such contact is 4" 4 alice contact remove nobody@example.com
exits "a host of DNS is no contact" 2 alice contact add host.example.org
exits "only add takes --keep" 2 alice contact remove a@b --keep
exits "--keep has its dashes" 2 alice contact add a@b keep
says "which the usage says" 'add NAME|HIT [--keep]' alice contact add a@b keep
says "and list is of it" 'hipline contact [list]' alice contact show

# One who is nowhere is to be kept.
# shellcheck disable=SC2317  # until_true calls it
down() { hip_json alice '.contacts[0].hits[0].reason' contact | grep -q 'no locator'; }
exits "nothing is wrong" 0 alice status --check
exits "a HIT that is nowhere is a contact to be kept" 0 alice contact add 2001:22::1 --keep
check "why it is down is shown" until_true 10 down
check "also to people" eval 'hip alice contact | grep -q "kept .* self .*no locator"'
exits "and status --check fails" 1 alice status --check
exits "it is no contact any more" 0 alice contact remove 2001:22::1
exits "so nothing is wrong" 0 alice status --check
equal "an association that is no guest's" false \
	"$(hip_json alice '.associations[0].guest' peers)"
exits "status is 0" 0 alice status
exits "no such name is 4" 4 alice resolve nobody@example.com
exits "ping of no such name is 4" 4 alice ping nobody@example.com
exits "unpin of no such name is 4" 4 alice unpin nobody@example.com
exits "a HIT without locator is 1" 1 alice ping 2001:22::1
exits "its own HIT is 1" 1 alice ping "${HIP_HIT[alice]}"
says "as it is this host" "this host itself" alice ping "${HIP_HIT[alice]}"
exits "a wrong HIT is 2" 2 alice pin carol@example.com 2001:db8::1
exits "an unknown command is 2" 2 alice frobnicate
exits "help is of one command" 2 alice help invite join
check "help says where the socket is" eval 'hip alice help | grep -q control.sock'
exits "an address is no name" 2 alice ping 192.0.2.2
says "which is said" 'an address, not a name' alice ping 192.0.2.2
exits "a missing argument is 2" 2 alice resolve
exits "an option of another command is 2" 2 alice status -c 3
says "a name without a domain" 'bob@example.com' alice resolve bob
says "an error says what" nobody@example.com alice resolve nobody@example.com

hip alice pin carol@example.com "$bob" || fail "pin"
equal "pinned" "$bob" "$(hip alice resolve carol@example.com | cut -d ' ' -f 1)"
exits "a name of the configuration is not pinned" 1 \
	alice pin bob@example.com "${HIP_HIT[alice]}"
hip_again alice
equal "pinned after a restart" "$bob" \
	"$(hip alice resolve carol@example.com | cut -d ' ' -f 1)"
hip alice unpin carol@example.com || fail "unpin"
exits "unpinned" 4 alice resolve carol@example.com

for command in id status "resolve bob@example.com"; do
	# shellcheck disable=SC2086
	check "anyone may $command" as 12345 12345 $command
done
for command in peers counters contact "ping $bob" "pin a@b $bob" "unpin a@b" \
	"contact add a@b" "close all"; do
	# shellcheck disable=SC2086
	as 12345 12345 $command >/dev/null 2>"$HIP_DIR/err"
	equal "a stranger's $command" 1 $?
	check "which names the command and the group" grep -q \
		"hipline: ${command%% *} needs .* group hipline" "$HIP_DIR/err"
done

hip alice ping "$bob" -c 1 >/dev/null
hip alice close "$bob" || fail "close"
bob_has_none() {
	[ "$(hip_json bob '.associations | map(select(.state == "established"))
		| length' peers)" = 0 ]
}
check "closed at bob, too" until_true 5 bob_has_none
check "and anew" hip alice ping "$bob" -c 1

# A peer that is not there: seen by the operator until it is.
exits "all is well" 0 alice status --check
hip_stop bob
hip alice close "$bob"
exits "bob does not answer" 1 alice ping "$bob" -c 1 --timeout 1
says "which is said, and what to do" \
	"no association with bob@example.com ($bob): the peer at $(hip_address bob) does not answer within 1.0 s; see that hiplined runs there" \
	alice ping bob@example.com -c 1 --timeout 1
unreachable() {
	hip_json alice '.warnings[] | select(.code == "peer-unreachable") | .text' status
}
warned() { [[ $(unreachable) == "$bob (bob@example.com) cannot be reached: "* ]]; }
check "which is a warning" until_true 20 warned
exits "and a status of 1" 1 alice status --check
hip_up bob
check "bob is back" hip alice ping "$bob" -c 1
equal "no warning any more" "" "$(unreachable)"
exits "all is well again" 0 alice status --check

hip_stop alice
exits "without a daemon is 3" 3 alice status
says_of_path() { nl_in alice "$HIP_BUILD/hipline" -s "$1" status 2>&1; }
equal "a directory is no socket" \
	"hipline: $HIP_DIR: this is a directory, not a socket. Name the control socket of hiplined with -s, or leave it out." \
	"$(says_of_path "$HIP_DIR")"
says "with a remedy" "hiplined is not running" alice status
hip_up alice
hip_end
