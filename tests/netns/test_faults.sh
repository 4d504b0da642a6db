#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# What the system may refuse: sending, descriptors, room on the disk; the TUN
# interface that goes; a daemon that is stopped for a while (T41, T42, T44).
# Budget: 120 s, long 240 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

stopped_s=4
[ "${HIP_LONG:-0}" = 0 ] || stopped_s=60

pings() { hip_ping "$1" "$2" -c 1 -W 1; }
alice_said() { grep -q "$1" "$HIP_DIR/alice/log"; }
# ticks PID: the time that it took of a processor, in 1/100 s.
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
# idle WHAT PID: less than a tenth of a processor in a second.
idle() {
	local before
	before=$(ticks "$2")
	sleep 1
	between "$1: 1/100 s of a processor in a second" 0 10 \
		$(($(ticks "$2") - before))
}
counter() { hip_json alice ".$1" counters; }

# refusing ERROR: for two seconds every second call that sends fails so.
refusing() {
	local error=$1 tracer before=$SECONDS lost
	strace -f -qq -o "$HIP_DIR/strace" -p "$engine" \
		-e trace=sendmsg,sendmmsg \
		-e "inject=sendmsg,sendmmsg:error=$error:when=2+2" &
	tracer=$!
	until_true 5 grep -q "TracerPid:.$tracer" "/proc/$engine/status"
	hip_ping alice bob -c 40 -i 0.05 -W 1 >"$HIP_DIR/pings"
	kill "$tracer"
	wait "$tracer" 2>/dev/null
	grep -q INJECTED "$HIP_DIR/strace" ||
		fail "$error: nothing was refused"
	lost=$(sed -n 's/.* \([0-9]*\)[.0-9]*% packet loss.*/\1/p' "$HIP_DIR/pings")
	between "$error on sending: % lost" 0 80 "$lost"
	check "  and all is well again" until_true 5 hip_pings_all alice bob 20
	idle "  idle" "$engine"
}

hip_init
hip_host alice; hip_host bob
hip_meet alice bob
mkdir -p "$HIP_DIR/alice/state"
mount -t tmpfs -o size=1m,mode=755 none "$HIP_DIR/alice/state" || exit 77
trap 'rc=$?; umount -l "$HIP_DIR/alice/state"; (exit $rc); hip_down' EXIT
chown nobody "$HIP_DIR/alice/state"
hip_up alice bob
engine=$(hip_engine alice)
check "traffic" until_true 5 pings alice bob

# --- T41: what is sent
for error in ENOBUFS EAGAIN ENETUNREACH EPERM; do refusing $error; done
between "refused packets are counted" 1 1000000 \
	"$(($(counter data_drop_send_failed) + $(counter hip_send_failed)))"

# --- T41: no descriptor is left
strace -f -qq -o "$HIP_DIR/strace" -p "$engine" -e trace=accept4 \
	-e inject=accept4:error=EMFILE &
tracer=$!
until_true 5 grep -q "TracerPid:.$tracer" "/proc/$engine/status"
if timeout 2 "$HIP_BUILD/hipline" -s "$HIP_DIR/alice/run/control.sock" status \
	>/dev/null 2>&1; then fail "EMFILE: a client was taken in"
else pass "EMFILE: no client is taken in"; fi
between "  and accept was tried seldom" 1 30 \
	"$(grep -c INJECTED "$HIP_DIR/strace")"
check "  traffic goes on" hip_pings_all alice bob 20
kill "$tracer"
wait "$tracer" 2>/dev/null
check "  and clients come in again" until_true 5 hip_ready_now alice

# --- T41: the disk is full
dd if=/dev/zero of="$HIP_DIR/alice/state/full" bs=1k 2>/dev/null
if hip alice pin x@example.com "${HIP_HIT[bob]}" 2>"$HIP_DIR/said"; then
	fail "ENOSPC: pin says that all is well"
elif grep -q 'cannot be written' "$HIP_DIR/said"; then
	pass "ENOSPC: $(cat "$HIP_DIR/said")"
else
	fail "ENOSPC: it says $(cat "$HIP_DIR/said")"
fi
check "  and status warns" bash -c "! $HIP_BUILD/hipline \
	-s $HIP_DIR/alice/run/control.sock status --check >/dev/null"
check "  traffic goes on" pings alice bob
rm "$HIP_DIR/alice/state/full"
check "  with room again it is written" hip alice pin x@example.com "${HIP_HIT[bob]}"
check "  and read after a kill" bash -c "grep -q x@example.com \
	$HIP_DIR/alice/state/pins.json"

# --- T44: stopped for a while, under traffic
ip netns exec "$NL_TAG-bob" ping -q -i 0.05 "${HIP_HIT[alice]}" >/dev/null 2>&1 &
pinging=$!
kill -STOP "$engine" "${HIP_PID[alice]}"
sleep "$stopped_s"
kill -CONT "$engine" "${HIP_PID[alice]}"
check "stopped for $stopped_s s: traffic within 3 s" until_true 3 pings alice bob
kill "$pinging"; wait "$pinging" 2>/dev/null
check "  and none is lost" until_true 5 hip_pings_all alice bob 20

# --- T42: the TUN interface
nl_in alice ip link set hip0 mtu 1300
check "MTU 1300: traffic" until_true 5 hip_pings_all alice bob 20 -s 1400
nl_in alice ip link set hip0 down
idle "hip0 is down: idle" "$engine"
nl_in alice ip link del hip0
check "hip0 is gone: the daemon ends" until_true 5 hip_gone "${HIP_PID[alice]}"
wait "${HIP_PID[alice]}"
between "  its status" 1 255 $?
check "  and it says why" alice_said 'interface hip0 or a socket is gone'
unset "HIP_PID[alice]"
hip_up alice
check "  started again: traffic" until_true 5 pings alice bob
hip_end
