#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# The engine, which reads the network, has no right: its user is not root, no
# capability, no new privileges; the monitor has four capabilities; no process
# can be traced or dumped by its user; and with one association the engine's
# memory is under 10 MiB. So it is with the resolver, which is filtered, too.
# Budget: 60 s, long 60 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

# status PID FIELD: the first value of a line of /proc/PID/status.
status() { awk -v f="$2:" '$1 == f { print $2 }' "/proc/$1/status"; }

hip_init
hip_host alice; hip_host bob
hip_meet alice bob
hip_up alice bob
hip_pings_all alice bob 100 >/dev/null || fail "pings"

for n in alice bob; do
	monitor=${HIP_PID[$n]}
	engine=$(hip_engine "$n")
	equal "$n: one engine" 1 "$(wc -w <<<"$engine")"
	equal "$n: engine's users" "$(id -u nobody) $(id -u nobody) $(id -u nobody) $(id -u nobody)" \
		"$(sed -n 's/^Uid:\t//p' "/proc/$engine/status" | xargs)"
	equal "$n: engine's groups hold no root" "" \
		"$(sed -n 's/^\(Gid\|Groups\)://p' "/proc/$engine/status" | xargs -n1 | grep -x 0)"
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do
		equal "$n: engine's $set" 0000000000000000 "$(status "$engine" $set)"
	done
	equal "$n: engine's NoNewPrivs" 1 "$(status "$engine" NoNewPrivs)"
	equal "$n: engine's core limit" "0 0" \
		"$(awk '/^Max core file size/ { print $5, $6 }' "/proc/$engine/limits")"
	# Not dumpable: then its files in /proc are root's.
	equal "$n: engine's /proc is root's" 0 "$(stat -c %u "/proc/$engine/mem")"
	until_true 10 hip_resolver "$n" || fail "$n: no resolver"
	resolver=$(hip_resolver "$n")
	equal "$n: resolver's users" "$(id -u nobody) $(id -u nobody) $(id -u nobody) $(id -u nobody)" \
		"$(sed -n 's/^Uid:\t//p' "/proc/$resolver/status" | xargs)"
	# It is started, and started again, by a monitor that cannot lower the
	# bounding set any more; no_new_privs keeps that from mattering.
	for set in CapInh CapPrm CapEff CapAmb; do
		equal "$n: resolver's $set" 0000000000000000 "$(status "$resolver" $set)"
	done
	equal "$n: resolver's NoNewPrivs" 1 "$(status "$resolver" NoNewPrivs)"
	equal "$n: resolver's Seccomp" 2 "$(status "$resolver" Seccomp)"
	equal "$n: resolver's core limit" "0 0" \
		"$(awk '/^Max core file size/ { print $5, $6 }' "/proc/$resolver/limits")"
	equal "$n: resolver's /proc is root's" 0 "$(stat -c %u "/proc/$resolver/mem")"
	hip_sanitized || between "$n: resolver's memory, KiB" 1 10240 "$(status "$resolver" VmRSS)"
	# NET_ADMIN 12, NET_BIND_SERVICE 10, SETUID 7, SETGID 6.
	equal "$n: monitor's CapEff" 00000000000014c0 "$(status "$monitor" CapEff)"
	equal "$n: monitor's CapPrm" 00000000000014c0 "$(status "$monitor" CapPrm)"
	hip_sanitized || between "$n: engine's memory, KiB" 1 10240 "$(status "$engine" VmRSS)"
	equal "$n: identity's mode" 600 "$(stat -c %a "$HIP_DIR/$n/identity.pem")"
	equal "$n: state's mode" 700 "$(stat -c %a "$HIP_DIR/$n/state")"
done
hip_end
