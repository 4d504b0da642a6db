# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# zone.sh - a name server (unbound) at host `ns` for example.org, which reads
# records as zone files have them. Source it after hip.sh.

command -v unbound >/dev/null || { echo "${0##*/}: no unbound"; exit 77; }

# zone LINE...: it knows these records, instead of the others.
zone() {
	local line
	{
		echo "server:
	interface: ${NL_IP[ns.eth0]}
	access-control: 0.0.0.0/0 allow
	do-daemonize: no
	username: \"\"
	chroot: \"\"
	directory: \"$HIP_DIR\"
	pidfile: \"\"
	use-syslog: no
	module-config: iterator
	local-zone: example.org. static
	local-data: 'ns.example.org. 60 IN A ${NL_IP[ns.eth0]}'"
		for line; do echo "	local-data: '$line'"; done
		echo "remote-control:
	control-enable: no"
	} >"$HIP_DIR/unbound.conf"
	silence
	nl_bg ns "$HIP_DIR/unbound.log" unbound -c "$HIP_DIR/unbound.conf"
	NS_PID=$NL_PID
	until_true 10 dns ns A ||
		{ fail "the name server: $(cat "$HIP_DIR/unbound.log")"; hip_end; }
}
# silence: it is gone.
silence() {
	[ -z "${NS_PID:-}" ] || { kill "$NS_PID"; wait "$NS_PID" 2>/dev/null; }
	NS_PID=''
}
# dns NAME TYPE [ARG...]: what it says; fails without an answer.
dns() {
	local name=$1 type=$2; shift 2
	nl_in ns dig "@${NL_IP[ns.eth0]}" +short +tries=1 +time=2 "$@" \
		"$name.example.org" "$type" | grep '^[^;]'
}
# in_zone NAME ADDRESS: a line of the zone, of IPv4 or IPv6.
in_zone() {
	local type=A
	[[ $2 != *:* ]] || type=AAAA
	echo "$1.example.org. 60 IN $type $2"
}
# hip_in_zone NAME RECORD [SERVER...]: one with a HIP record as hipline shows
# it (RFC 8005 6), and with servers.
hip_in_zone() {
	local name=$1 record=${2% )} server; shift 2
	for server; do record+=" $server."; done
	echo "$name.example.org. 60 $record )"
}
