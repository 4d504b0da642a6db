# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# shellcheck disable=SC1007,SC2034,SC2154 # variables of peers.sh
# null:MODE[:CIPHER[:2|6]] - nulltun, no control plane (see nulltun.c); 2: two
# threads; 6: IPv6 inside, as in the HIP tunnel
up() {
	local two= a=$TA4 b=$TB4
	[ "${3-}" = 2 ] && two=-2
	[ "${3-}" = 6 ] && a=fd77::1 b=fd77::2
	if [ ! -x "$WORK/nulltun" ]; then
		cc -O2 -march=native -DWITH_MB -o "$WORK/nulltun" "$here/nulltun.c" -lcrypto -lpthread -lIPSec_MB 2>/dev/null ||
		    cc -O2 -march=native -o "$WORK/nulltun" "$here/nulltun.c" -lcrypto -lpthread || return 1
	fi
	spawn b "$WORK/nulltun" -m "$1" -c "${2:-none}" $two -i pvt0 -l $B4 -r $A4
	wait_dev b pvt0; addr b pvt0 $b $a
	mark
	spawn a "$WORK/nulltun" -m "$1" -c "${2:-none}" $two -i pvt0 -l $A4 -r $B4
	wait_dev a pvt0; addr a pvt0 $a $b
	TARGET=$b
}
