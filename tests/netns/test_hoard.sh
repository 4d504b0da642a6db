#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# A resolver that holds a thousand records takes no more than 10 MiB, and finds
# them.
# Budget: 60 s, long 60 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

n=1000 at=127.0.0.154

kib() { awk -v k="$1:" '$1 == k { print $2 }' "/proc/$(hip_resolver alice)/status"; }
records() { hip_json alice .records overlay; }
holds() { [ "$(records)" -ge "$1" ]; }
published() {
	[ "$(hip_json alice '[.names[].state] | unique | join(" ")' names)" = published ]
}

hip_init
NL_FAST=1
hip_host alice
hip_up alice
check 'an overlay' hip alice create example.com --name alice@example.com
check 'its first name' until_true 20 published
echo "     without records of others: $(kib VmRSS) KiB, at most $(kib VmHWM)"
check 'the host ends' hip_stop alice
database=$(find "$HIP_DIR/alice/state" -name overlay.db)
check "$n records come into its database" "$NL_BIN/hoard" "$database" \
	example.com "$HIP_DIR/alice/state/authority.pem" "$n"
chown nobody "$database"*
hip_up alice
check 'it holds them' until_true 20 holds "$n"
check 'its name is published again' until_true 20 published
check 'the last one is found' hip alice resolve "hoard$((n - 1))@example.com"
found=0
for ((i = 0; i < 20; i++)); do
	nl_in alice dig "@$at" +short +tries=1 +time=5 "hoard$((i * n / 20))@example.com" AAAA |
		grep -q : && found=$((found + 1))
done
equal 'found by DNS' 20 $found
hip_sanitized || {
	between "memory with $(records) records, KiB" 1 10240 "$(kib VmRSS)"
	echo "     at most it was $(kib VmHWM) KiB, while it read them"
}
hip_end
