#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Hosts by their names in DNS, from a real name server: addresses and HIP
# records (RFC 8005), right ones and wrong ones, under each rule of trust.
# Budget: 120 s, long 120 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"
# shellcheck source=zone.sh
. "$(dirname "$0")/zone.sh"

# refused WHAT STATUS TEXT COMMAND...: it fails so, and says why.
refused() {
	local what=$1 status=$2 text=$3 said rc; shift 3
	said=$("$@" 2>&1); rc=$?
	if [ $rc -eq "$status" ] && grep -qF -- "$text" <<<"$said"; then
		pass "$what"
	else
		fail "$what: status $rc, $said"
	fi
}
# believe TEXT: this, for all that alice is told.
believe() {
	HIP_PEERS[alice]=$1
	hip_again alice || fail 'alice does not start again'
}
warns() { hip_json alice '.warnings[].code' status | grep -qx "$1"; }
no_warning() { ! warns "$1"; }
a() { in_zone "$1" "${NL_IP[$2.eth0]}"; }
# rr NAME HOST [SERVER...]: the record of that host, or RECORD.
rr() {
	local name=$1 record=${RR[$2]:-$2}; shift 2
	hip_in_zone "$name" "$record" "$@"
}

hip_init
hip_host ns; hip_host alice; hip_host bob
HIP_ALGORITHM=rsa-3072 hip_host carol
HIP_ALGORITHM=ed25519 hip_host dave
hip_etc alice
echo "127.0.0.1 localhost" >"$HIP_ETC/hosts"
echo "nameserver ${NL_IP[ns.eth0]}" >"$HIP_ETC/resolv.conf"
for n in bob carol dave; do
	hip_knows $n alice
done
hip_up alice bob carol dave
declare -A RR
for n in bob carol dave; do
	RR[$n]=$(hip $n id --rr)
	check "$n shows its record" \
		grep -qE '^IN HIP \( [234] 200100[0-9a-f]{26} [A-Za-z0-9+/]+=* \)$' \
		<<<"${RR[$n]}"
done
old='IN HIP ( 2 200100107B1A74DF365639CC39F1D578 AwEAAbdxyhNuSutc5EMzxTs9LBPCIkOFH8cIvM4p9+LrV4e19WzK00+CI6zBCQTdtWsuxKbWIy87UOoJTwkUs7lBu+Upr1gsNrut79ryra+bSRGQb1slImA8YVJyuIDsj7kwzG7jnERNqnWxZ48AWkskmdHaVDP4BcelrTI3rMXdXF5D )'
wrong=${RR[bob]/ 200100220/ 200100221}
[ "$wrong" != "${RR[bob]}" ] || wrong=${RR[bob]/ 20010022?/ 200100220}
long=$(printf 'a%.0s' {1..50}).example.org
zone "$(a bob bob)" "$(rr bob bob)" "$(a dave dave)" "$(rr dave dave)" \
	"$(a carol carol)" "$(rr carol carol "$long")" \
	"$(a two bob)" "$(rr two bob)" "$(rr two dave)" "$(a plain bob)" \
	"$(a wrong bob)" "$(rr wrong "$wrong")" "$(a old bob)" "$(rr old "$old")" \
	"$(a rvs bob)" "$(rr rvs bob rvs1.example.org rvs2.example.org)" \
	"$(a broken bob)" 'broken.example.org. 60 IN TYPE55 \# 8 1003004020010022' \
	"$(rr nowhere carol)"
for n in bob dave; do
	equal "dig reads $n's record as hipline shows it" "${RR[$n]^^}" \
		"$(dns $n HIP | sed 's/^/IN HIP ( /; s/$/ )/; s/.*/\U&/')"
done
check 'one of them does not fit a datagram' eval \
	'nl_in ns dig "@${NL_IP[ns.eth0]}" +noedns +ignore carol.example.org HIP | grep -q "flags: .* tc"'

# --- nothing proves a record
refused 'a record is not believed by itself' 1 \
	"hipline pin bob.example.org ${HIP_HIT[bob]}" hip alice ping bob.example.org
refused 'nor shown as a HIT that is known' 1 'nothing proves' \
	hip alice resolve bob.example.org
refused 'a host without a record' 4 'no HIP record' hip alice ping plain.example.org
refused 'a name that is not there' 4 'no HIP record' hip alice ping no.example.org
refused 'a HIT that is not the key'"'"'s' 1 'its HIT is not that of its key' \
	hip alice ping wrong.example.org
refused "one of HIPv1, as the RFC's example" 1 'not inside 2001:20::/28' \
	hip alice ping old.example.org
refused 'what is no record' 1 'not of the form of one' \
	hip alice ping broken.example.org
refused 'a name without a domain' 4 'names are written USER@DOMAIN' \
	hip alice resolve bob

# --- a pin says who it is, DNS where
check 'a pin' hip alice pin bob.example.org "${HIP_HIT[bob]}"
check 'and the address of DNS reach it' hip alice ping bob.example.org -c 1
equal 'at that address' "$(hip_address bob)" \
	"$(hip_json alice .path.remote ping bob.example.org -c 1)"
check 'nothing is to be warned of' no_warning hip-record-conflict
check 'another pin' hip alice pin dave.example.org "${HIP_HIT[bob]}"
hip alice ping dave.example.org -c 1 --timeout 2 >/dev/null 2>&1
equal 'holds against a record' "${HIP_HIT[bob]}" \
	"$(hip alice resolve dave.example.org | cut -d ' ' -f 1)"
check 'which is said' warns hip-record-conflict
check 'unpinned' hip alice unpin dave.example.org
check 'nothing is said any more' no_warning hip-record-conflict
check 'a pin of one with a wrong record' hip alice pin wrong.example.org "${HIP_HIT[bob]}"
check 'is reached' hip alice ping wrong.example.org -c 1
check 'and the record is said to be refused' warns hip-record-refused
hip alice unpin wrong.example.org; hip alice unpin bob.example.org

# --- at first use
believe 'names { unverified = first-use }
'
refused 'no address' 1 'no address is known' hip alice ping nowhere.example.org
check 'at first use it is believed' hip alice ping bob.example.org -c 1
equal 'with that proof' first-use \
	"$(hip_json alice '.hits[0].proof' resolve bob.example.org)"
equal 'for as long as the record holds' 60 \
	"$(hip_json alice '.hits[0].lifetime_s' resolve bob.example.org)"
check 'a long record comes by TCP' hip alice ping carol.example.org -c 1
check 'one of Ed25519' hip alice ping dave.example.org -c 1
check 'one with rendezvous servers that are not there' hip alice ping rvs.example.org -c 1
refused 'several hosts' 1 'several hosts' hip alice ping two.example.org
refused 'a wrong one is not believed either' 1 'not that of its key' \
	hip alice ping wrong.example.org
zone "$(a bob dave)" "$(rr bob dave)"
hip_again alice
refused 'another than before' 1 "it was ${HIP_HIT[bob]} before" \
	hip alice ping bob.example.org
check 'which is a warning' warns hip-record-conflict
check 'until it is forgotten' hip alice unpin bob.example.org
check 'the new one is believed' hip alice ping bob.example.org -c 1
check 'nothing is said any more' no_warning hip-record-conflict

# --- a peer's locator is a host name
zone "$(a bob bob)" "$(rr bob bob)" "$(a dave dave)" "$(rr dave bob)" \
	"$(a carol carol)"
HIP_PEERS[alice]=''
hip_knows alice bob bob.example.org
hip_knows alice dave dave.example.org:10500
hip_again alice
check 'a peer at a host name' hip alice ping "${HIP_HIT[bob]}" -c 1
check 'a peer whose record is of another' hip alice ping "${HIP_HIT[dave]}" -c 1
equal 'is the one that is written down' "${HIP_HIT[dave]}" \
	"$(hip_json alice .hit ping "${HIP_HIT[dave]}" -c 1)"
check 'which is said' until_true 5 warns hip-record-conflict
equal 'of it alone' 1 \
	"$(hip_json alice '.warnings[].code' status | grep -c hip-record)"

check 'a pin of a host without a record' hip alice pin carol.example.org "${HIP_HIT[carol]}"
check 'is reached where DNS says' hip alice ping carol.example.org -c 1

# --- no name server
silence
refused 'without DNS that is said' 1 'DNS does not answer' \
	hip alice ping other.example.org --timeout 15
nl_bg ns /dev/null socat -u UDP-RECV:53 /dev/null
until_true 5 eval '[ -n "$(nl_in ns ss -Hlnu "sport = :53")" ]'
check 'a pin that was seen somewhere does not wait for a silent one' \
	hip alice ping carol.example.org -c 1 --timeout 2
refused 'nor is a name server that is silent waited for longer than asked' 1 \
	'DNS does not answer within 1.0 s' hip alice ping other.example.org --timeout 1
hip alice ping another.example.org >/dev/null 2>&1 & asking=$!
asked() { nl_in alice ss -Hnu 'dport = :53' | grep -q .; }
until_true 5 asked
kill $asking; wait $asking 2>/dev/null
hip alice resolve third.example.org >"$HIP_DIR/third" 2>&1 & asking=$!
until_true 5 asked
check 'it ends well with questions open' hip_stop alice
wait $asking
check 'who waits hears that it ended' grep -q 'ended before it answered' "$HIP_DIR/third"
hip_end
