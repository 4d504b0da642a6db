#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Hosts by their names in DNS, from a real name server: addresses and HIP
# records (RFC 8005), right ones and wrong ones, under each rule of trust.
# Budget: 120 s, long 120 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

command -v unbound >/dev/null || { echo "hosts: no unbound"; exit 77; }
unbound=$(command -v unbound)

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
# zone LINE...: the name server knows these records, instead of the others.
zone() {
	local line
	{
		cat <<-END
		server:
			interface: ${NL_IP[ns.eth0]}
			access-control: 0.0.0.0/0 allow
			access-control: ::/0 allow
			chroot: ""
			username: ""
			pidfile: ""
			directory: "$HIP_DIR"
			use-syslog: no
			do-daemonize: no
			num-threads: 1
			module-config: "iterator"
			local-zone: "example.org." static
		END
		for line; do echo "	local-data: '$line'"; done
	} >"$HIP_DIR/unbound.conf"
	[ -z "${NS_PID:-}" ] || { kill "$NS_PID"; wait "$NS_PID" 2>/dev/null; }
	nl_bg ns "$HIP_DIR/unbound.log" "$unbound" -d -c "$HIP_DIR/unbound.conf"
	NS_PID=$NL_PID
	until_true 10 answers ||
		{ fail "the name server: $(cat "$HIP_DIR/unbound.log")"; hip_end; }
}
answers() {
	nl_in ns dig "@${NL_IP[ns.eth0]}" +short +tries=1 +time=1 example.org SOA
}
# believe TEXT: this, for all that alice is told.
believe() {
	HIP_PEERS[alice]=$1
	hip_again alice || fail 'alice does not start again'
}
warns() { hip_json alice '.warnings[].code' status | grep -qx "$1"; }
no_warning() { ! warns "$1"; }
a() { echo "$1.example.org. 60 IN A ${NL_IP[$2.eth0]}"; }
rr() { echo "$1.example.org. 60 ${RR[$2]}"; }

HIP_TAG=ho
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
zone "example.org. 60 IN SOA ns. root. 1 60 60 60 60" \
	"$(a bob bob)" "$(rr bob bob)" "$(a carol carol)" "$(rr carol carol)" \
	"$(a dave dave)" "$(rr dave dave)" "$(a plain bob)" \
	"$(a two bob)" "$(rr two bob)" "$(rr two dave)" \
	"$(a wrong bob)" "$(rr wrong bob | sed "s/ 200100/ 2001002/; s/. \([A-Za-z0-9+/=]* )\)$/ \1/")" \
	"$(a old bob)" "old.example.org. 60 IN HIP ( 2 200100107B1A74DF365639CC39F1D578 AwEAAbdxyhNuSutc5EMzxTs9LBPCIkOFH8cIvM4p9+LrV4e19WzK00+CI6zBCQTdtWsuxKbWIy87UOoJTwkUs7lBu+Upr1gsNrut79ryra+bSRGQb1slImA8YVJyuIDsj7kwzG7jnERNqnWxZ48AWkskmdHaVDP4BcelrTI3rMXdXF5D )" \
	"$(a rvs bob)" "$(rr rvs bob | sed 's/ )$/ rvs1.example.org. rvs2.example.org. )/')" \
	"$(rr nowhere carol)"

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
between 'for as long as the record holds' 0 60 \
	"$(hip_json alice '.hits[0].lifetime_s' resolve bob.example.org)"
check 'a long record comes by TCP' hip alice ping carol.example.org -c 1
check 'one of Ed25519' hip alice ping dave.example.org -c 1
check 'one with rendezvous servers' hip alice ping rvs.example.org -c 1
check 'of which the log says that nobody asks them' \
	grep -q 'rvs.example.org: the rendezvous servers' "$HIP_DIR/alice/log"
refused 'several hosts' 1 'several hosts' hip alice ping two.example.org
refused 'a wrong one is not believed either' 1 'not that of its key' \
	hip alice ping wrong.example.org
zone "example.org. 60 IN SOA ns. root. 1 60 60 60 60" \
	"$(a bob dave)" "$(rr bob dave)"
hip_again alice
refused 'another than before' 1 "it was ${HIP_HIT[bob]} before" \
	hip alice ping bob.example.org
check 'which is a warning' warns hip-record-conflict
check 'until it is forgotten' hip alice unpin bob.example.org
check 'the new one is believed' hip alice ping bob.example.org -c 1
check 'nothing is said any more' no_warning hip-record-conflict

# --- a peer's locator is a host name
zone "example.org. 60 IN SOA ns. root. 1 60 60 60 60" \
	"$(a bob bob)" "$(rr bob bob)" "$(a dave dave)" "$(rr dave bob)"
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

# --- no name server
kill "$NS_PID"; wait "$NS_PID" 2>/dev/null; NS_PID=''
refused 'without DNS that is said' 1 'DNS does not answer' \
	hip alice ping other.example.org --timeout 15
hip_end
