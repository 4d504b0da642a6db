#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# A thousand idle associations in 32 MiB, ten thousand in 64 MiB, all processes
# of the daemon together: an echo passes through each, the processor is idle,
# timers fire within 100 ms.
# Alone: it measures, or takes all of the machine.
# Budget: 120 s, long 300 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

n=1000 mib=32 idle_s=8
[ "${HIP_LONG:-0}" = 0 ] || { n=10000; mib=64; idle_s=45; }

# rss_kib: of the monitor, the engine and the resolver, as others are counted:
# a page that two have mapped counts twice.
rss_kib() {
	awk '$1 == "VmRSS:" { n += $2 } END { print n }' \
		"/proc/${HIP_PID[alice]}/status" "/proc/$engine/status" \
		"/proc/$resolver/status"
}
# ticks: of a processor that the engine took, in 1/100 s.
ticks() { awk '{ print $14 + $15 }' "/proc/$engine/stat"; }
associations() { hip_json alice '.associations | length' peers; }

hip_init
NL_FAST=1
hip_host alice
nl_host crowd
hip_crowd crowd 10.64.0.0/16
hip_set alice 'accept = any' 'log = "warning"' "association_max = $n" \
	"idle_s = $idle_s" 'rekey_s = 0' 'esp_transport = off' # CLOSE is timed
hip_up alice
engine=$(hip_engine alice) resolver=$(hip_resolver alice)
rss=$(rss_kib)
nl_bg crowd "$HIP_DIR/crowd" "$NL_BIN/honest" 10.64.0.1 "${NL_IP[alice.eth0]}" \
	"${HIP_HIT[alice]}" hold "$n" 16 $((idle_s + 20))
crowd=$NL_PID
start=$(now_ms)
check "$n exchanges and echoes" until_true 120 grep -q '^ready' "$HIP_DIR/crowd"
echo "     $(($(now_ms) - start)) ms"
equal "echoes through" "echoes: $n of $n" "$(grep ^echoes "$HIP_DIR/crowd")"
equal "associations" "$n" "$(associations)"
# What exchanges and the answer to "peers" have taken is let go of within seconds.
fits() { [ "$(rss_kib)" -le $((mib * 1024)) ]; }
hip_sanitized || {
	until_true 10 fits
	between "memory of the three processes, KiB, at most $mib MiB" 1 $((mib * 1024)) "$(rss_kib)"
	echo "     $((($(rss_kib) - rss) * 1024 / n)) bytes for each more than $rss KiB"
}
before=$(ticks)
sleep 3
between "idle: 1/100 s of a processor in 3 s" 0 15 $(($(ticks) - before))
# Each CLOSE goes again half a second later; the crowd answers none.
wait $crowd
sed 's/^/     /' "$HIP_DIR/crowd"
equal "all are closed for idleness" "closed: $n of $n" "$(grep ^closed "$HIP_DIR/crowd")"
between "timers late by at most, ms" 0 100 \
	"$(sed -n 's/^late: .*p95 \([0-9]*\) ms.*/\1/p' "$HIP_DIR/crowd")"
hip_end
