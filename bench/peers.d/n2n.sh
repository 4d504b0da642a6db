# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# shellcheck disable=SC1007,SC2034,SC2154 # variables of peers.sh
# n2n: a supernode and an edge in B, an edge in A; AES
up() {
	local e s
	e=$(bin edge) && s=$(bin supernode) || return 1
	spawn b "$s" -p 7654 -f
	sleep .3
	spawn b "$e" -d pvnb -c pv -k secretsecret -A3 -l $B4:7654 -a $TB4 -f -M $MTU -p 7655
	wait_dev b pvnb; sleep .5
	mark
	spawn a "$e" -d pvna -c pv -k secretsecret -A3 -l $B4:7654 -a $TA4 -f -M $MTU -p 7656
	wait_dev a pvna
	TARGET=$TB4
}
