# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# shellcheck disable=SC1007,SC2034,SC2154 # variables of peers.sh
# wireguard-go (ChaCha20-Poly1305); "wireguard-go:sys" is the system's own
# even where ROOT has one.
up() {
	local w ka kb n
	if [ "${1-}" = sys ]; then w=$(ROOT= bin wireguard-go); else w=$(bin wireguard-go); fi || return 1
	ka=$(wg genkey) kb=$(wg genkey)
	echo "$ka" >"$WORK/ka"; echo "$kb" >"$WORK/kb"
	for n in b a; do
		[ $n = a ] && mark
		spawn $n env WG_PROCESS_FOREGROUND=1 WG_TUN_FD= "$w" -f pvwg$n
		wait_dev $n pvwg$n
		wait_for test -S /var/run/wireguard/pvwg$n.sock
		if [ $n = a ]; then
			in_ns a wg set pvwga listen-port 51820 private-key "$WORK/ka" \
			    peer "$(wg pubkey <"$WORK/kb")" allowed-ips 0.0.0.0/0 endpoint $B4:51820
			addr a pvwga $TA4 $TB4
		else
			in_ns b wg set pvwgb listen-port 51820 private-key "$WORK/kb" \
			    peer "$(wg pubkey <"$WORK/ka")" allowed-ips 0.0.0.0/0 endpoint $A4:51820
			addr b pvwgb $TB4 $TA4
		fi
	done
	TARGET=$TB4
}
