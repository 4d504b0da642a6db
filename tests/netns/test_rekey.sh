#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# New keys every second, under TCP at full rate and 50 packets/s of voice: not
# one packet is lost by it, nor with 5 % of all lost on the wire; both sides
# at once; UPDATEs that are lost once, twice, thrice.
# Alone: it measures, or takes all of the machine.
# Budget: 180 s, long 420 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

seconds=8 lossy=8 meetings=4
[ "${HIP_LONG:-0}" = 0 ] || { seconds=125; lossy=125; meetings=40; }

counter() { hip_json "$1" ".$2" counters; }
rekeys() { hip_json alice '.associations[0].rekeys' peers; }
# number OF-WHAT FILE: the number behind these words.
number() { sed -n "s/.*$1 \([0-9]*\).*/\1/p" "$2"; }
listens() { [ -n "$(nl_in "$1" ss -Hln "sport = :$2")" ]; }
# unharmed NAME: nothing was dropped that keys could be the reason for.
unharmed() {
	local reason
	for reason in esp_unknown_spi esp_replayed esp_bad_icv esp_bad_padding \
		esp_sequence_exhausted; do
		equal "  $1: $reason" 0 "$(counter "$1" "data_drop_$reason")"
	done
}
# talk SECONDS: TCP as fast as it goes from alice to bob, voice both ways.
# What became of the voice is in voice.NAME.
talk() {
	local seconds=$1 n other pids=() receivers=()
	nl_bg bob "$HIP_DIR/tcp" sh -c \
		'socat -u -b 262144 TCP6-LISTEN:7001 - | wc -c'
	receivers+=("$NL_PID")
	until_true 5 listens bob 7001
	for n in alice bob; do
		nl_bg $n "$HIP_DIR/voice.$n" "$NL_BIN/paced" receive 7002
		receivers+=("$NL_PID")
		until_true 5 listens $n 7002
	done
	nl_bg alice /dev/null timeout "$seconds" socat -u -b 262144 /dev/zero \
		"TCP6:[${HIP_HIT[bob]}]:7001"
	pids+=("$NL_PID")
	for n in alice bob; do
		[ $n = alice ] && other=bob || other=alice
		nl_bg $n /dev/null "$NL_BIN/paced" send "${HIP_HIT[$other]}" \
			7002 50 "$seconds" 200
		pids+=("$NL_PID")
	done
	wait "${pids[@]}"
	# TCP ends by itself, when it has sent again what was lost.
	wait "${receivers[0]}"
	kill "${receivers[@]:1}"
	wait "${receivers[@]:1}"
}

hip_init
NL_FAST=1
hip_host alice
hip_host bob
hip_set alice 'rekey_s = 1' 'rekey_quiet_bytes = 0'
hip_set bob 'rekey_s = 1' 'rekey_quiet_bytes = 0'
hip_meet alice bob

# --- T25: nothing is lost on the way, at the rate of a cable with offloads
hip_up alice bob
check "traffic" until_true 5 hip_pings_all alice bob 5
before=$(rekeys)
talk $seconds
now=$(rekeys)
echo "     $(($(cat "$HIP_DIR/tcp") / seconds / 125000)) Mbit/s of TCP, $((now - before)) rekeys"
between "rekeys in $seconds s" $((seconds * 7 / 10)) $((seconds * 2)) $((now - before))
between "  MB of TCP" "$seconds" 1000000 $(($(cat "$HIP_DIR/tcp") / 1000000))
for n in alice bob; do
	equal "  voice that $n hears" $((seconds * 50)) "$(number received "$HIP_DIR/voice.$n")"
	equal "  twice" 0 "$(number doubled "$HIP_DIR/voice.$n")"
	unharmed $n
done

# --- T25: one packet in twenty is lost, each of them on the wire
hip_stop alice bob || fail "they do not stop"
nl_unplug bob eth0
NL_FAST=0 # this one can be made bad
nl_uplink bob eth0 && nl_defroute bob eth0 "$NL_GW"
hip_forget alice bob
HIP_PEERS=([alice]='' [bob]='')
hip_meet alice bob
hip_up alice bob
nl_impair bob eth0 loss=5 only=udp
until_true 15 hip_ping alice bob -c 1 -W 1
before=$(rekeys)
talk $lossy
now=$(rekeys)
nl_impair bob eth0 only=udp
between "with loss: rekeys in $lossy s" $((lossy * 5 / 10)) $((lossy * 2)) $((now - before))
for n in alice bob; do
	between "  voice that $n hears" $((lossy * 50 * 85 / 100)) $((lossy * 50)) \
		"$(number received "$HIP_DIR/voice.$n")"
	unharmed $n
done
# flown NAME DIRECTION HIP: packets of ESP and of HIP, one way.
flown() {
	hip_json "$1" "[.associations[].packets_$2] | add" peers
	hip_json "$1" "to_entries | map(select(.key | startswith(\"hip_$3_\"))) |
		map(select(.key != \"hip_send_failed\") | .value) | add" counters
}
# wire STAT DIRECTION: so far.
wire() { nl_wirestats bob eth0 | sed -n "s/^$2.* $1=\([0-9]*\).*/\1/p"; }
sum() { awk '{ n += $1 } END { print n + 0 }'; }
# full NAME: datagrams for which its socket had no room, before anyone saw them.
full() { nl_in "$1" nstat -asz | awk '$1 ~ /^Udp6?RcvbufErrors$/ { n += $2 } END { print n + 0 }'; }
# lost FROM TO WIRE: of what was sealed and did not arrive, the wire took all
# but for a few segments of TCP that FROM dropped itself, to slow TCP down.
# Rekeys go on: it counts when FROM has sent nothing meanwhile.
lost() {
	local sent gone
	sent=$(flown "$1" out sent | sum)
	gone=$((sent - $(flown "$2" in received | sum)))
	echo "$gone gone, $(wire lost "$3") on the wire, no room for $(full "$2")"
	gone=$((gone - $(wire lost "$3") - $(full "$2")))
	[ "$sent" = "$(flown "$1" out sent | sum)" ] &&
		[ $gone -ge 0 ] && [ $gone -le "$(counter "$1" data_drop_queue_standing)" ]
}
check "  what is lost from alice was lost on the wire" until_true 5 lost alice bob ba
check "  and from bob" until_true 5 lost bob alice ab
echo "     lost on the wire: $(wire lost ab) from bob, $(wire lost ba) to bob"
equal "  frames that the wire itself missed" "0 0" \
	"$(nl_wirestats bob eth0 | sed 's/.*missed=\([0-9]*\).*/\1/' | xargs)"

# --- T26: UPDATEs that are lost, and both at once, under traffic
is_done() { # ROUNDS: and one pair of SAs sends at each side
	local a b
	a=$(hip_json alice '.associations[0] | "\(.rekeys) \(.spi_in) \(.spi_out)"' peers)
	b=$(hip_json bob '.associations[0] | "\(.rekeys) \(.spi_out) \(.spi_in)"' peers)
	[ "$a" = "$b" ] && [ "${a%% *}" -ge "$1" ]
}
are_lost() { [ $(($(wire picked "$1") - picked)) = "$2" ]; }
hip_again alice bob || fail "they do not start again"
check "traffic" until_true 5 hip_pings_all alice bob 5
hip_pinging pings alice bob -i 0.01
for way in ab ba; do
	for times in 1 2 3; do
		picked=$(wire picked $way)
		nl_impair bob eth0 "$way.dropnext=$times" "$way.mark=6:16:0x7f" only=udp
		check "UPDATE lost $times times $way" until_true 10 are_lost $way $times
		check "  new keys all the same" until_true 10 is_done $(($(rekeys) + 1))
	done
done
check "  and no ping is lost" hip_pinged pings
hip_set alice 'rekey_s = 0'
hip_set bob 'rekey_s = 0'
hip_again alice bob || fail "they do not start again"
check "traffic" until_true 5 hip_pings_all alice bob 5
check "  established at both" until_true 5 eval \
	'[ "$(hip_state bob alice) $(hip_state alice bob)" = "established established" ]'
hip_pinging pings alice bob -i 0.01
for i in $(seq $meetings); do
	hip alice rekey "${HIP_HIT[bob]}" & one=$!
	hip bob rekey "${HIP_HIT[alice]}" || fail "bob: rekey"
	wait $one || fail "alice: rekey"
	# Many at once have to wait for each other.
	until_true 20 is_done "$i" || fail "both at once: round $i"
done
check "both at once, $meetings times: one pair of SAs" is_done $meetings
check "  and no ping is lost" hip_pinged pings
for n in alice bob; do unharmed $n; done
hip_end
