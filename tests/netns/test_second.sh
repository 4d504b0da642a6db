#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# One daemon routes HITs in a network namespace: a second one is refused, and
# changes nothing. What keeps HITs off other interfaces follows the interface
# when that gets another name, and is there after a crash.
# Budget: 90 s, long 90 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

# second ARG...: the daemon of the second configuration, beside alice's.
second() {
	nl_in alice timeout 20 "$HIP_BUILD/hiplined" -c "$HIP_DIR/second/hipline.conf" "$@"
}
tables() { nl_in alice nft list tables ip6 | sed -n 's/^table ip6 //p' | sort | xargs; }
devices() {
	ip -n "$NL_TAG-alice" -6 route show 2001:20::/28 type unicast |
		grep -o 'dev [a-z0-9]*' | xargs
}
stays() {
	ip -n "$NL_TAG-alice" -6 route show type unreachable |
		grep -q '^unreachable 2001:20::/28 '
}

hip_init
hip_host alice; hip_host bob
hip_meet alice bob
hip_identity second || fail "keygen"
hip_set second 'interface = "hip1"' 'port = 10501'
hip_configure second
hip_up alice bob
hip_pings_all alice bob 20 >/dev/null || fail "pings before"

# --- everything of its own but the namespace
second >"$HIP_DIR/second.said" 2>&1
equal 'a second one: status' 1 $?
check '  and why' grep -q 'interface hip0 has the route for HITs.*namespace of its own' \
	"$HIP_DIR/second.said"
equal '  in one line' 1 "$(wc -l <"$HIP_DIR/second.said")"
check '  it leaves nothing' test ! -e "$HIP_DIR/second/state"
check 'nor can it take the guard away' eval '! second --unguard'
equal 'the tables' hipline_hip0 "$(tables)"
equal 'the route to HITs' 'dev hip0' "$(devices)"
check 'the unreachable route stays' stays
check 'no ping is lost' hip_pings_all alice bob 20

# --- both have looked, and nobody was there: it is held up where it makes its
# key, until the other one is up
hip_stop alice >/dev/null
mkdir "$HIP_DIR/lib"
cat >"$HIP_DIR/lib/hipline-engine" <<-END
	#!/bin/sh
	mkdir "$HIP_DIR/lib/read" 2>/dev/null || {
		: >"$HIP_DIR/lib/makes"
		until [ -e "$HIP_DIR/lib/go" ]; do sleep 0.02; done
	}
	exec "$HIP_BUILD/hipline-engine" "\$@"
END
chmod 755 "$HIP_DIR/lib/hipline-engine"
rm "$HIP_DIR/second/identity.pem"
second --libexec "$HIP_DIR/lib" >"$HIP_DIR/second.said" 2>&1 & late=$!
check 'a second one has looked' until_true 10 test -e "$HIP_DIR/lib/makes"
hip_up alice
: >"$HIP_DIR/lib/go"
wait $late
equal '  and is late: status' 1 $?
check '  and why' grep -q 'interface hip0 has the route for HITs' "$HIP_DIR/second.said"
equal '  the tables' hipline_hip0 "$(tables)"
equal '  the route to HITs' 'dev hip0' "$(devices)"
check '  the control socket is gone' test ! -e "$HIP_DIR/second/run/control.sock"
hip_ping alice bob -c 1 -W 5 >/dev/null
check '  no ping is lost' hip_pings_all alice bob 20
hip_stop alice >/dev/null

# --- another name; a table that is not ours only sounds like it
nl_in alice nft add table ip6 hipline_mine
hip_up alice
hip_kill alice
equal 'after a crash the table is there' 'hipline_hip0 hipline_mine' "$(tables)"
check '  and the unreachable route' stays
hip_set alice 'interface = "hl0"'
hip_up alice
equal 'with another interface its table is' 'hipline_hl0 hipline_mine' "$(tables)"
hip_ping alice bob -c 1 -W 5 >/dev/null
check 'no ping is lost' hip_pings_all alice bob 20
hip_set alice 'interface = "hl0"' 'firewall = off'
hip_again alice
equal 'with firewall = off there is none' hipline_mine "$(tables)"
check '  but the unreachable route' stays
hip_stop alice >/dev/null
check '  which stays' stays
check '--unguard' second --unguard
check '  takes that away' eval '! stays'
equal '  and leaves what is not ours' hipline_mine "$(tables)"
hip_end
