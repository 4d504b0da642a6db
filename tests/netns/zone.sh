# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# zone.sh - a name server (dnsmasq) at host `ns` for example.org. Source it
# after hip.sh.

command -v dnsmasq >/dev/null || { echo "${0##*/}: no dnsmasq"; exit 77; }

# zone LINE...: it knows these records, instead of the others.
zone() {
	local line
	{
		echo "port=53
bind-interfaces
listen-address=${NL_IP[ns.eth0]}
no-resolv
no-hosts
local-ttl=60
pid-file=
user=root
local=/example.org/
host-record=ns.example.org,${NL_IP[ns.eth0]}"
		for line; do echo "$line"; done
	} >"$HIP_DIR/dnsmasq.conf"
	silence
	nl_bg ns "$HIP_DIR/dnsmasq.log" dnsmasq --keep-in-foreground \
		--conf-file="$HIP_DIR/dnsmasq.conf"
	NS_PID=$NL_PID
	until_true 10 dns ns A ||
		{ fail "the name server: $(cat "$HIP_DIR/dnsmasq.log")"; hip_end; }
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
# rdata RECORD [SERVER...]: of a record as hipline shows it, and servers; hex.
rdata() {
	python3 -c '
import base64, sys
alg, hit, key = sys.argv[1].split()[3:6]
hit, key = bytes.fromhex(hit), base64.b64decode(key, validate=True)
out = bytes([len(hit), int(alg)]) + len(key).to_bytes(2, "big") + hit + key
for server in sys.argv[2:]:
    for label in server.split("."):
        out += bytes([len(label)]) + label.encode()
    out += b"\0"
print(out.hex())' "$@"
}
