# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# shellcheck disable=SC1007,SC2034,SC2046,SC2154 # variables of peers.sh
# Nebula, AES-256-GCM, B is the lighthouse
up() {
	local b c n d
	b=$(bin nebula) && c=$(bin nebula-cert) || return 1
	d=$WORK/nebula; rm -rf "$d"; mkdir -p "$d"
	"$c" ca -name pv -out-crt "$d/ca.crt" -out-key "$d/ca.key" || return 1
	for n in a b; do
		"$c" sign -ca-crt "$d/ca.crt" -ca-key "$d/ca.key" -name $n -out-crt "$d/$n.crt" -out-key "$d/$n.key" \
		    $([ $n = a ] && echo "-ip $TA4/24" || echo "-ip $TB4/24") 2>/dev/null || return 1
		cat >"$d/$n.yml" <<-E
		pki: {ca: $d/ca.crt, cert: $d/$n.crt, key: $d/$n.key}
		static_host_map: {"$TB4": ["$B4:4242"]}
		lighthouse: {am_lighthouse: $([ $n = b ] && echo "true" || echo "false, hosts: [\"$TB4\"]")}
		listen: {host: $([ $n = a ] && echo $A4 || echo $B4), port: 4242, read_buffer: 4194304, write_buffer: 4194304}
		cipher: aes
		tun: {dev: pvn$n, mtu: $MTU, tx_queue: 500}
		logging: {level: warning}
		firewall: {outbound: [{port: any, proto: any, host: any}], inbound: [{port: any, proto: any, host: any}]}
		E
	done
	spawn b "$b" -config "$d/b.yml"; wait_dev b pvnb; sleep .3
	mark
	spawn a "$b" -config "$d/a.yml"; wait_dev a pvna
	TARGET=$TB4
}
