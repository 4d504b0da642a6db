#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# reload and SIGHUP: peers come, go and change; a broken file changes nothing,
# and a thousand of either leak nothing. Peers of run time.
# Budget: 120 s, long 400 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

rounds=100
[ "${HIP_LONG:-0}" = 0 ] || rounds=1000

pings() { hip_ping "$1" "$2" -c 1 -W 1; }
# says WHAT PATTERN COMMAND...: it fails, and its words have the pattern.
says() {
	local what=$1 pattern=$2 out; shift 2
	if out=$("$@" 2>&1); then
		fail "$what: it succeeded: $out"
	elif grep -q "$pattern" <<<"$out"; then
		pass "$what"
	else
		fail "$what: it said $out"
	fi
}
# rss_kib PID, fds PID
rss_kib() { sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$1/status"; }
fds() { find "/proc/$1/fd" -mindepth 1 | wc -l; }
deaf() { ! pings "$@"; }
alice_said() { grep -q "$1" "$HIP_DIR/alice/log"; }

hip_init
hip_host alice; hip_host bob; hip_host carol
hip_meet alice bob
hip_knows carol alice
hip_up alice bob carol
conf=$HIP_DIR/alice/hipline.conf

check "traffic with bob" until_true 5 pings alice bob
check "carol is a stranger" deaf carol alice

# A new peer by reload; bob's association stays as it is.
spi=$(hip_json alice '.associations[0].spi_in' peers)
hip_knows alice carol
hip_configure alice
check "reload: done" hip alice reload
check "carol is let in" until_true 5 pings carol alice
equal "bob's SA stays" "$spi" "$(hip_json alice \
	".associations[] | select(.hit == \"${HIP_HIT[bob]}\") | .spi_in" peers)"

# What needs a restart is named; what is broken is refused.
hip_set alice 'port = 10501' 'log = debug'
hip_configure alice
equal "what needs a restart is named" \
	"hipline: these take effect after a restart only: host port" \
	"$(hip alice reload 2>&1)"
check "bob's association is closed" hip alice close "${HIP_HIT[bob]}"
check "the log level takes effect" alice_said ' closing$'
hip_set alice
hip_configure alice
cp "$conf" "$conf.good"
printf 'host {\n\tprot = 7\n}\n' >"$conf"
says "a broken file is refused with its line" "hipline.conf:2: .*prot" \
	hip alice reload
check "carol is still let in" pings carol alice
rm "$conf"
says "a file that is gone is refused" "hipline.conf: No such file" \
	hip alice reload

# A peer that is taken out is let out.
HIP_PEERS[alice]=''
hip_knows alice bob
hip_configure alice
kill -HUP "${HIP_PID[alice]}"
check "SIGHUP: carol is let out" until_true 5 deaf carol alice
check "bob's stays" pings bob alice

# Peers of run time.
hip_stop carol; hip_up carol
check "peer add" hip alice peer add "${HIP_HIT[carol]}" "$(hip_address carol)"
check "carol is let in" until_true 5 pings alice carol
says "bob is the configuration's" "hipline.conf:[0-9]*; change it there" \
	hip alice peer add "${HIP_HIT[bob]}" 192.0.2.77
check "but not when it says the same" \
	hip alice peer add "${HIP_HIT[bob]}" "$(hip_address bob)"
says "nor is it removed" "hipline.conf:[0-9]*; change it there" \
	hip alice peer remove "${HIP_HIT[bob]}"
hip_stop alice; hip_up alice
check "it holds over a restart" until_true 5 pings alice carol
check "peer remove" hip alice peer remove "${HIP_HIT[carol]}"
hip_stop alice; hip_up alice
says "and is gone" "no locator is known" hip alice ping -c 1 --timeout 2 \
	"${HIP_HIT[carol]}"

# T45: good and broken in turn, while traffic passes.
hip_configure alice
cp "$conf" "$conf.good"
printf 'host {\n' >"$conf.broken"
# A thousand names more, so that a leak shows.
{
	cat "$conf.good"
	echo "peer many { hit = \"${HIP_HIT[carol]}\" name = {"
	for i in $(seq 999); do echo "\"n$i@example.com\","; done
	echo '"last@example.com" } }'
} >"$conf.large"
check "traffic" until_true 5 pings alice bob
hups() {
	local i
	for i in $(seq "$1"); do
		case $((i % 3)) in
		0) cp "$conf.good" "$conf.next" ;;
		1) cp "$conf.large" "$conf.next" ;;
		2) cp "$conf.broken" "$conf.next" ;;
		esac
		mv "$conf.next" "$conf"
		kill -HUP "${HIP_PID[alice]}"
		sleep 0.005
	done
	cp "$conf.good" "$conf"
	hip alice reload
}
engine=$(hip_engine alice)
hup_all() { hups $((rounds / 2)) && hups $((rounds / 2)); }
check "warm-up" hups 30
rss=$(rss_kib "$engine") mrss=$(rss_kib "${HIP_PID[alice]}")
n=$(fds "$engine") mn=$(fds "${HIP_PID[alice]}")
hip_ping alice bob -c $((rounds / 8)) -i 0.1 >"$HIP_DIR/pings" &
pinging=$!
check "$rounds times SIGHUP" hup_all
wait $pinging
check "no packet of bob's is lost" grep -q ' 0% packet loss' "$HIP_DIR/pings"
grown() { echo $(($(rss_kib "$1") > $2 ? $(rss_kib "$1") - $2 : 0)); }
# AddressSanitizer keeps what was freed.
if ! grep -q __asan_init "$HIP_BUILD/hiplined"; then
	between "engine: KiB more" 0 1024 "$(grown "$engine" "$rss")"
	between "monitor: KiB more" 0 1024 "$(grown "${HIP_PID[alice]}" "$mrss")"
fi
equal "engine: descriptors" "$n" "$(fds "$engine")"
equal "monitor: descriptors" "$mn" "$(fds "${HIP_PID[alice]}")"
check "and it answers" hip alice status
hip_end
