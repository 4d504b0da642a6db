# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# shellcheck disable=SC1007,SC2034,SC2154 # variables of peers.sh
# hip[:KEY=VALUE...] - two hiplined of the build tree in $BUILD with static
# peers. KEY=VALUE go into the host section: hip:offload=off:aead=openssl
up() {
	local b=${BUILD:-.} n me you peer k host=
	[ -x "$b/hiplined" ] && [ -x "$b/hipline" ] ||
		{ echo "no hiplined and hipline in $b: set BUILD" >&2; return 1; }
	for k; do host+="	${k/=/ = }"$'\n'; done
	local -A hit
	for n in a b; do
		mkdir -p "$WORK/hip-$n"
		rm -rf "$WORK/hip-$n"/*
		hit[$n]=$("$b/hipline" keygen "$WORK/hip-$n/identity.pem") || return 1
		# The engine makes its files there.
		chown -R nobody "$WORK/hip-$n"
	done
	chmod 711 "$WORK"
	for n in b a; do
		if [ $n = a ]; then me=$A4 you=$B4 peer=b; else me=$B4 you=$A4 peer=a; fi
		cat >"$WORK/hip-$n.conf" <<-E
		host {
			identity = $WORK/hip-$n/identity.pem
			state = $WORK/hip-$n
			control = $WORK/hip-$n/control.sock
			users = { nobody, nobody, nobody }
			interface = pvh$n
			mtu = $MTU
			bind = { $me }
		$host}
		peer $peer { hit = ${hit[$peer]} locator = { "$you:10500" } }
		E
		[ $n = a ] && mark
		spawn $n "$b/hiplined" -c "$WORK/hip-$n.conf"
		wait_dev $n pvh$n
		wait_for test -S "$WORK/hip-$n/control.sock"
		wait_for grep -q "^ready" "$WORK/$n.log"
	done
	TARGET=${hit[b]}
}
