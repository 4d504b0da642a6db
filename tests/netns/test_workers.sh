#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Two workers at each host: every association is carried by one of them, both
# ways, over each family and raw; new keys change nothing, nor does kill -9;
# without eBPF one of them reads the interface for both; nobody shares the port.
# Budget: 120 s, long 300 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

mb=20 rounds=1
[ "${HIP_LONG:-0}" = 0 ] || { mb=500; rounds=10; }

# owner NAME: of two workers, the one that peers have for NAME (steer.h).
owner() { local hit=${HIP_HIT[$1]}; echo $((0x${hit##*:} % 2)); }
# of_owner NAME 0|1: makes identities until it has one that this one owns.
of_owner() {
	until [ "$(owner "$1")" = "$2" ]; do
		rm "$HIP_DIR/$1/identity.pem"
		hip_identity "$1" || return
	done
}
# carried NAME WORKER WAY: packets so far.
carried() { hip_json "$1" ".workers[$2].packets_$3" status; }
queues() { hip_json "$1" '[.workers[].queue] | map(tostring) | join(" ")' status; }
# spi NAME PEER: of its inbound SA.
spi() { hip_json "$1" ".associations[] | select(.hit == \"${HIP_HIT[$2]}\") | .spi_in" peers; }
# unharmed NAME: nothing was dropped that workers could be the reason for.
unharmed() {
	equal "  dropped by $1" "" "$(hip_json "$1" 'to_entries[] |
		select(.value > 0 and (.key | test("^data_drop_(esp_unknown_spi|
			esp_replayed|esp_bad_icv|esp_bad_padding|tun_failed|
			send_failed|receive_failed)$"; "x"))) |
		"\(.key) \(.value)"' counters)"
}
# alone PEER: what alice has with PEER goes by the worker that owns it, and
# comes by it.
alone() {
	local mine other in out
	mine=$(owner "$1"); other=$((1 - mine))
	in=$(carried alice $other in) out=$(carried alice $other out)
	check "  ping $1" hip_pings_all alice "$1" 100
	check "  ping from $1" hip_pings_all "$1" alice 100
	equal "  in by the other worker" "$in" "$(carried alice $other in)"
	equal "  out by the other worker" "$out" "$(carried alice $other out)"
	between "  in by its own" 200 1000000 "$(carried alice "$mine" in)"
	between "  out by its own" 200 1000000 "$(carried alice "$mine" out)"
	equal "  its SPI" "$mine" $(($(spi alice "$1") % 2))
}
# same NAME: what went is what came.
same() { equal "  TCP $1" "$(cat "$HIP_DIR/$1.out")" "$(cat "$HIP_DIR/$1.in")"; }
# voiced NAME: what it heard has kept its order.
voiced() {
	equal "  voice at $1 overtaken, twice" "0 0" "$(sed -n \
		's/.*doubled \([0-9]*\), overtaken \([0-9]*\).*/\2 \1/p' "$HIP_DIR/voice.$1")"
	between "  heard" 2700 3000 "$(sed -n 's/^received \([0-9]*\).*/\1/p' "$HIP_DIR/voice.$1")"
}
listens() { [ -n "$(nl_in "$1" ss -Hlun "sport = :7005")" ]; }
all_ways() { # both peers, both directions, at once, and voice
	local n pids=() receivers=()
	for n in bob carol; do
		nl_bg $n "$HIP_DIR/voice.$n" "$NL_BIN/paced" receive 7005
		receivers+=("$NL_PID")
		until_true 5 listens $n
		nl_bg alice /dev/null "$NL_BIN/paced" send "${HIP_HIT[$n]}" \
			7005 1000 3 200
		pids+=("$NL_PID")
	done
	hip_stream alice bob 7001 $mb & pids+=($!)
	hip_stream bob alice 7002 $mb & pids+=($!)
	hip_stream alice carol 7003 $mb & pids+=($!)
	hip_stream carol alice 7004 $mb & pids+=($!)
	wait "${pids[@]}"
	kill "${receivers[@]}"
	wait "${receivers[@]}"
	for n in 7001 7002 7003 7004; do same $n; done
	for n in bob carol; do voiced $n; done
}

hip_init
for n in alice bob carol; do hip_host $n; done
check "bob is the first worker's" of_owner bob 0
check "carol is the second one's" of_owner carol 1

for form in 4:udp 6:udp 4:raw; do
	HIP_FAMILY=${form%:*} transport=${form#*:}
	echo "     IPv$HIP_FAMILY, transport = $transport"
	for n in alice bob carol; do
		hip_set $n 'workers = 2' "transport = $transport" \
			'rekey_s = 1' 'rekey_quiet_bytes = 0'
		HIP_PEERS[$n]=''
	done
	if [ "$transport" = raw ]; then
		for n in bob carol; do
			hip_knows alice $n "${NL_IP[$n.eth0]}"
			hip_knows $n alice "${NL_IP[alice.eth0]}"
		done
	else
		hip_meet alice bob; hip_meet alice carol
	fi
	hip_up alice bob carol
	equal "each has a queue" "true true" "$(queues alice)"
	if [ "$transport" = udp ]; then
		alone bob; alone carol
	else
		for n in bob carol; do
			check "  ping $n" hip_pings_all alice $n 100
			equal "  its SPI" "$(owner $n)" $(($(spi alice $n) % 2))
		done
	fi
	all_ways
	# It is set to happen every second; that took longer.
	for n in bob carol; do
		check "  new keys with $n" until_true 5 \
			hip_rekeyed alice $n 0 0
		equal "  their SPI" "$(owner $n)" $(($(spi alice $n) % 2))
	done
	for n in alice bob carol; do unharmed $n; done
	check "they stop" hip_stop alice bob carol
	hip_forget alice bob carol
done

HIP_FAMILY=4
for n in alice bob carol; do HIP_PEERS[$n]=''; done
hip_set alice 'workers = 2'; hip_set bob 'workers = 2'; hip_set carol 'workers = 1'
hip_meet alice bob; hip_meet alice carol
hip_up alice bob carol

# --- kill -9
for ((i = 0; i < rounds; i++)); do
	for n in bob carol; do
		check "traffic with $n" until_true 5 hip_ping alice $n -c 1 -W 1
	done
	hip_kill alice
	hip_up alice
	for n in bob carol; do
		check "killed and up: $n" until_true 5 hip_ping alice $n -c 1 -W 1
		check "  and back" hip_pings_all $n alice 50
	done
	equal "killed and up: queues" "true true" "$(queues alice)"
done
check "reload" hip alice reload
check "  ping then" hip_pings_all alice bob 50

# --- another program has the port, and would share it
check "alice stops" hip_stop alice
nl_bg alice /dev/null socat -u UDP4-RECV:10500,reuseport /dev/null
other=$NL_PID
check "another program has the port" until_true 5 eval \
	'nl_in alice ss -Hlun "sport = :10500" | grep -q .'
nl_in alice timeout 10 "$HIP_BUILD/hiplined" -c "$HIP_DIR/alice/hipline.conf" \
	2>"$HIP_DIR/alice/said"
equal "  alice does not start" 1 $?
check "  for the port" grep -q 'UDP port 10500 of IPv4 is in use' "$HIP_DIR/alice/said"
kill "$other"
check "  it has ended" until_true 5 eval \
	'! nl_in alice ss -Hlun "sport = :10500" | grep -q .'

# --- without eBPF
hip_configure alice
# shellcheck disable=SC2016  # by that shell
nl_bg alice /dev/null bash -c 'exec "$@" 2>>"$0" >&2' "$HIP_DIR/alice/log" \
	setpriv --bounding-set=-bpf,-sys_admin --inh-caps=-all \
	"$HIP_BUILD/hiplined" -c "$HIP_DIR/alice/hipline.conf"
HIP_PID[alice]=$NL_PID
check "without CAP_BPF: it answers" hip_ready alice
equal "  one has the queue" "true false" "$(queues alice)"
for n in bob carol; do
	check "  ping $n" until_true 5 hip_ping alice $n -c 1 -W 1
	check "  none lost" hip_pings_all alice $n 100
	check "  nor from $n" hip_pings_all $n alice 100
done
all_ways
between "  the second worker opens" 100 1000000000 "$(carried alice 1 in)"
equal "  and seals nothing" 0 "$(carried alice 1 out)"
unharmed alice
hip_end
