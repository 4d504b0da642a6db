# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# shellcheck disable=SC1007,SC2034,SC2154 # variables of peers.sh
# OpenVPN over UDP, AES-256-GCM, no kernel offload
up() {
	local o n fa fb
	o=$(bin openvpn) || return 1
	for n in a b; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
		    -subj /CN=$n -keyout "$WORK/$n.key" -out "$WORK/$n.crt" 2>/dev/null
	done
	fa=$(openssl x509 -in "$WORK/a.crt" -noout -fingerprint -sha256 | cut -d= -f2)
	fb=$(openssl x509 -in "$WORK/b.crt" -noout -fingerprint -sha256 | cut -d= -f2)
	local common="--proto udp --port 1194 --dev-type tun --data-ciphers AES-256-GCM --disable-dco --tun-mtu $MTU --mssfix 0 --dh none --verb 1 --nobind"
	common=${common/--nobind/}
	spawn b "$o" $common --dev pvob --ifconfig $TB4 $TA4 --tls-server --local $B4 --cert "$WORK/b.crt" --key "$WORK/b.key" --peer-fingerprint "$fa"
	wait_dev b pvob
	mark
	spawn a "$o" $common --dev pvoa --ifconfig $TA4 $TB4 --tls-client --remote $B4 1194 --local $A4 --cert "$WORK/a.crt" --key "$WORK/a.key" --peer-fingerprint "$fb"
	wait_dev a pvoa
	TARGET=$TB4
}
