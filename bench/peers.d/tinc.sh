# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# shellcheck disable=SC1007,SC2034,SC2154 # variables of peers.sh
# tinc, router mode over UDP with its default cipher and digest; "tinc:sys"
# is the system's own even where ROOT has one.
up() {
	local t n me ip peer d
	if [ "${1-}" = sys ]; then t=$(ROOT= bin tincd); else t=$(bin tincd); fi || return 1
	for n in a b; do
		d=$WORK/tinc-$n; mkdir -p "$d/hosts"
		if [ $n = a ]; then me=$A4 ip=$TA4; else me=$B4 ip=$TB4; fi
		{ echo "Name = $n"; echo "Interface = pvt$n"; echo "DeviceType = tun"
		  echo "AddressFamily = ipv4"
		  [ $n = a ] && echo "ConnectTo = b"; } >"$d/tinc.conf"
		{ echo "Address = $me"; echo "Subnet = $ip/32"; } >"$d/hosts/$n"
		if [ -x "${t%d}" ]; then "${t%d}" -b -c "$d" generate-keys 2048; else "$t" -c "$d" -K2048; fi </dev/null >/dev/null 2>&1
		printf '#!/bin/sh\nip link set $INTERFACE mtu %s up\n' $MTU >"$d/tinc-up"
		chmod +x "$d/tinc-up"
	done
	cp "$WORK/tinc-a/hosts/a" "$WORK/tinc-b/hosts/"; cp "$WORK/tinc-b/hosts/b" "$WORK/tinc-a/hosts/"
	spawn b "$t" -c "$WORK/tinc-b" -D --pidfile="$WORK/tb.pid"
	wait_dev b pvtb; addr b pvtb $TB4 $TA4
	mark
	spawn a "$t" -c "$WORK/tinc-a" -D --pidfile="$WORK/ta.pid"
	wait_dev a pvta; addr a pvta $TA4 $TB4
	TARGET=$TB4
}
