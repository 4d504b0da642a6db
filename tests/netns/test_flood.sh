#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# 50,000 I1s a second from a forged /18, and from one source: honest hosts
# get through, traffic goes on, nothing is kept, nobody is flooded in turn.
# Alone: it measures, or takes all of the machine.
# Budget: 60 s, long 180 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

seconds=6 honest=40 rate=50000 pps=10000
[ "${HIP_LONG:-0}" = 0 ] || { seconds=60; honest=100; pps=20000; }

rss_kib() { awk '$1 == "VmRSS:" { print $2 }' "/proc/$engine/status"; }
counter() { hip_json alice ".$1" counters; }
associations() { hip_json alice '.associations | length' peers; }
# number OF-WHAT FILE: the number behind these words.
number() { sed -n "s/.*$1 \([0-9]*\).*/\1/p" "$2"; }
# In 1/100 s: what the engine took of processors, and all of the first one's.
ticks() { awk '{ print $14 + $15 }' "/proc/$engine/stat"; }
busy() { awk '$1 == "cpu0" { print $2 + $3 + $4 }' /proc/stat; }
listens() { [ -n "$(nl_in alice ss -Hlnu "sport = :$1")" ]; }

hip_init
NL_FAST=1 # no relay in between: the engine is to be the bottleneck
hip_host alice; hip_host bob
nl_host mallory; nl_host crowd
# Where the forged sources would be there is nobody; elsewhere, the honest.
ip -n "$NL_TAG-inet" route add blackhole 10.128.0.0/18
hip_crowd crowd 10.64.0.0/16
hip_set alice 'accept = any' 'log = "warning"'
hip_meet alice bob
hip_up alice bob
check "traffic" until_true 5 hip_pings_all bob alice 5
engine=$(hip_engine alice)
if [ "$(nproc)" -gt 1 ]; then # a core for the engine, one for the rest
	taskset -apc 0 "$engine" >/dev/null
	taskset -pc 1 $$ >/dev/null
fi
to=${NL_IP[alice.eth0]}

# --- T7: from everywhere
nl_bg alice "$HIP_DIR/received" "$NL_BIN/paced" receive 7000
receiver=$NL_PID
until_true 5 listens 7000
rss=$(rss_kib) before=$(associations) others=$(($(busy) - $(ticks)))
nl_bg mallory "$HIP_DIR/flood" "$NL_BIN/flood" 10.128.0.0/18 "$to" \
	"${HIP_HIT[alice]}" $rate $seconds
flood=$NL_PID
nl_bg bob "$HIP_DIR/sent" "$NL_BIN/paced" send "${HIP_HIT[alice]}" 7000 $pps $((seconds - 1))
sender=$NL_PID
check "$honest of $honest honest exchanges" nl_in crowd "$NL_BIN/honest" \
	10.64.1.1 "$to" "${HIP_HIT[alice]}" exchanges $honest 1
times=$(sed -n 's/^time: //p' "$HIP_DIR/said")
kill -0 $flood 2>/dev/null && during=yes || during=no
wait $sender $flood
kill $receiver; wait $receiver
cat "$HIP_DIR/flood" "$HIP_DIR/received"
# Where others want its core, too, what it does not keep up with is theirs.
others=$(($(busy) - $(ticks) - others)) taken=60 arrived=99
[ $others -lt $((seconds * 10)) ] || {
	echo "     others took $((others / seconds)) % of the engine's core"
	taken=5 arrived=40 during=yes
}
equal "while it went on" yes $during
between "$times" 0 1000 "$(number p95 <(echo "$times"))"
between "I1s a second" $((rate * 5 / 10)) $((rate * 11 / 10)) \
	"$(sed -n 's/.*, \([0-9]*\) per second/\1/p' "$HIP_DIR/flood")"
between "I1s that it took in, in 1000" $((rate * seconds * taken / 100000)) \
	$((rate * seconds)) "$(($(counter hip_received_i1) / 1000))"
sent=$(number sent "$HIP_DIR/sent")
between "of $sent packets at $pps/s arrive" $((sent * arrived / 100)) "$sent" \
	"$(number received "$HIP_DIR/received")"
between "associations more than the honest ones" 0 0 \
	$(($(associations) - before - honest))
hip_sanitized || between "KiB more in memory" -1024 4096 $(($(rss_kib) - rss))

# --- T8: from one place, that hears all
nl_in mallory "$NL_BIN/flood" "${NL_IP[mallory.eth0]}/32" "$to" \
	"${HIP_HIT[alice]}" 2000 3 >"$HIP_DIR/one"
cat "$HIP_DIR/one"
sent=$(number sent "$HIP_DIR/one") size=$(number 'packets of' <(sed 's/,.*//' "$HIP_DIR/one"))
heard=$(number heard "$HIP_DIR/one")
bytes=$(sed -n 's/.*heard [0-9]* packets of \([0-9]*\) bytes.*/\1/p' "$HIP_DIR/one")
between "one source: R1s" 8 "$sent" "$heard"
between "  bytes out beyond the first eight" 1 $((sent * size * 3)) \
	$((bytes - 8 * bytes / heard))
check "all is calm again" hip_pings_all bob alice 20
hip_end
