#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# RFC 8004, the Initiator: a host whose HIP record names a rendezvous server,
# and that has no address in DNS, or a dead one. Server and host are test
# programs (rendezvous.c); alice is hipline. By UDP over IPv4 and by protocol
# 139 over IPv6; long: by each over each.
# Budget: 120 s, long 240 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"
# shellcheck source=zone.sh
. "$(dirname "$0")/zone.sh"

# ip_of NAME: its address, by HIP_FAMILY.
ip_of() {
	if [ "$HIP_FAMILY" = 6 ]; then
		echo "${NL_IP6[$1.eth0]}"
	else
		echo "${NL_IP[$1.eth0]}"
	fi
}
# at NAME: its locator, by $way, too.
at() {
	local text
	text=$(hip_address "$1")
	[ "$way" = UDP ] || text=${text%:10500}
	echo "$text"
}
# serve: a server that relays to bob.
serve() {
	nl_bg rvs "$HIP_DIR/rvs/log" "$NL_BIN/rendezvous" server \
		"$(at rvs)" "${HIP_HIT[bob]}" "$(at bob)"
	RVS=$NL_PID
	until_true 5 said rvs server
}
# behind [VIA]: bob is there, and a server that relays to him.
# shellcheck disable=SC2120  # through check
behind() {
	nl_bg bob "$HIP_DIR/bob/log" "$NL_BIN/rendezvous" client \
		"$(at bob)" "$HIP_DIR/bob/identity.pem" "$@"
	BOB=$NL_PID
	serve && until_true 5 said bob client
}
gone() { kill "$BOB" "$RVS"; wait "$BOB" "$RVS" 2>/dev/null; }
said() { grep -qF "$2" "$HIP_DIR/$1/log"; }
# reach NAME: alice wants to; bob has no ESP, so nothing comes back.
reach() { hip alice ping "$1.example.org" -c 1 --timeout 3; true; }
is_up() { [ "$(hip_state alice bob)" = established ]; }
is_not_up() { ! is_up; }
path() { hip_json alice '.associations[0].path.remote' peers; }
counter() { hip_json alice ".$1" counters; }
# afresh: alice knows of bob only what DNS says.
afresh() {
	hip_stop alice
	hip_forget alice
	hip_up alice
}

hip_init
hip_host ns; hip_host alice; hip_host bob; hip_host rvs
hip_etc alice
echo "127.0.0.1 localhost" >"$HIP_ETC/hosts"
echo "nameserver ${NL_IP[ns.eth0]}" >"$HIP_ETC/resolv.conf"
hip_up bob
record=$(hip bob id --rr)
hip_stop bob
HIP_PEERS[alice]='names { unverified = first-use }
'
rr() { hip_in_zone "$1" "$record" "$2.example.org"; }
zone "$(in_zone rvs "${NL_IP[rvs.eth0]}")" \
	"$(in_zone rvs6 "${NL_IP6[rvs.eth0]}")" \
	"$(rr bob rvs)" "$(rr bob6 rvs6)" "$(rr lost nowhere)" \
	"$(in_zone moved "${NL_IP[ns.eth0]}")" "$(rr moved rvs)" \
	"$(in_zone moved6 "${NL_IP6[ns.eth0]}")" "$(rr moved6 rvs6)"

runs=('4 UDP' '6 protocol 139')
[ "${HIP_LONG:-0}" = 0 ] || runs+=('6 UDP' '4 protocol 139')
for run in "${runs[@]}"; do
	read -r HIP_FAMILY way <<<"$run"
	six=''; [ "$HIP_FAMILY" = 4 ] || six=6
	[ "$way" = UDP ] || hip_set alice 'transport = raw'
	what="IPv$HIP_FAMILY, $way"
	hip_up alice
	check "$what: a server, and bob behind it" behind
	hip_capture_wire "w$run" alice
	reach "bob$six"
	check "$what: alice and bob are associated" until_true 5 is_up
	equal "$what: where bob is" "$(at bob)" "$(path)"
	equal "$what: by his server" 1 "$(counter r1s_by_rendezvous)"
	check "$what: which relayed an I1" said rvs "relayed $(at alice)"
	check "$what: bob has an SA to alice" said bob "associated $(at alice)"
	hip_captured "w$run"
	equal "$what: the server itself said nothing" 0 \
		"$(hip_count "w$run" "src host $(ip_of rvs)")"
	equal "$what: VIA_RVS" 1 \
		"$(hip_fields "w$run" 'hip.packet_type == 2 && hip.type == 65502' frame.number | wc -l)"

	afresh
	reach "moved$six"
	check "$what: where a dead address stands in DNS, too" until_true 5 is_up
	equal "$what: where bob is" "$(at bob)" "$(path)"
	gone

	for via in none 192.0.2.99; do
		afresh
		check "$what: bob answers with VIA_RVS $via" behind "$via"
		reach "bob$six"
		check "$what: his R1 came" said bob answered
		check "$what: and was not believed" is_not_up
		check "$what: for its place" test "$(counter hip_drop_place)" -gt 0
		gone
	done
	hip_stop alice
	hip_set alice ''
done

# --- a host whose locator in the configuration is a name
HIP_FAMILY=4 way=UDP
HIP_PEERS[alice]=''
hip_knows alice bob bob.example.org
behind
hip_forget alice
hip_up alice
nl_in alice ping -c 1 -W 1 "${HIP_HIT[bob]}" >/dev/null 2>&1
check 'a peer at a name that has a server only' until_true 10 eval \
	'is_up || { nl_in alice ping -c 1 -W 1 "${HIP_HIT[bob]}"; false; }'
gone

# --- nothing helps
HIP_PEERS[alice]='names { unverified = first-use }
'
afresh
nl_out=$(hip alice ping lost.example.org 2>&1); rc=$?
equal 'a server without an address is a failure' 1 $rc
check 'which says so' grep -q 'nor for its rendezvous servers' <<<"$nl_out"
nl_out=$(hip alice ping bob.example.org --timeout 19 2>&1)
check 'a server that is silent is named' grep -q 'its rendezvous server answers' <<<"$nl_out"

# --- hipline as the Responder is registered nowhere
HIP_PEERS[bob]=''
hip_set bob 'accept = any'
hip_up bob
serve
afresh
reach bob
check 'a relayed I1 came to hipline' said rvs relayed
check 'and was dropped' test "$(hip_json bob .hip_drop_relayed counters)" -gt 0
equal 'without an answer' 0 "$(hip_json bob .hip_sent_r1 counters)"
kill "$RVS"; wait "$RVS" 2>/dev/null
hip_end
