# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# hip.sh - hosts that run hiplined, in netlab's namespaces. Source it.
#
#   hip_init                    begin; taken down at exit, however it comes
#   hip_host alice; hip_host bob
#   hip_meet alice bob          each has a peer entry for the other
#   hip_up alice bob            start both, wait until they answer
#   nl_in alice ping -c 1 "${HIP_HIT[bob]}"
#   hip alice peers             the command line of that host
#   check 'what holds' COMMAND...
#   hip_end                     verdict; ends the script
#
# Everything of one host is in $HIP_DIR/NAME: hipline.conf, identity.pem,
# state/, run/control.sock, log. $HIP_BUILD is where the programs were built;
# $HIP_WORKERS is how many workers each has, $HIP_OFFLOAD and $HIP_AEAD are what
# its keys offload and aead say, where the test does not say.

HIP_HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
HIP_BUILD=${HIP_BUILD:-$PWD}
# shellcheck source-path=SCRIPTDIR source=netlab.sh
. "$HIP_HERE/netlab.sh"

HIP_PASSED=0 HIP_FAILED=0
declare -A HIP_HIT=() HIP_KEYS=() HIP_PEERS=() HIP_PID=() HIP_CAPTURE=()

# hip_init: begin. HIP_KEEP names a directory to keep a failure's files in.
hip_init() {
	[ "$(id -u)" -eq 0 ] || { echo "needs root"; exit 77; }
	HIP_TAG=${HIP_TAG:-hip}
	HIP_DIR=$(mktemp -d "/tmp/hipline.$HIP_TAG.XXXXXX") || exit 1
	chmod 755 "$HIP_DIR" # the daemon's users look into it
	trap hip_down EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	nl_init "$HIP_TAG" || exit 1
	# The engine cannot be traced, so no leak check at its end.
	export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}
}

# hip_down: what is up is ended, what failed is kept, all is removed.
hip_down() {
	local rc=$?
	trap '' INT TERM HUP
	nl_down
	if [ $rc -ne 0 ] && [ $rc -ne 77 ]; then
		local log
		for log in "$HIP_DIR"/*/log; do
			[ -s "$log" ] || continue
			echo "--- ${log#"$HIP_DIR/"}"
			tail -n 25 "$log"
		done
		if [ -n "${HIP_KEEP:-}" ]; then
			mkdir -p "$HIP_KEEP"
			find "$HIP_DIR" -type f ! -name '*.pem' -size -20M \
				-exec cp --parents -t "$HIP_KEEP" {} +
		fi
	fi
	rm -rf "${HIP_DIR:?}" "/etc/netns/${HIP_TAG:?}-"*
	exit $rc
}

# --- verdicts

pass() { HIP_PASSED=$((HIP_PASSED + 1)); echo "ok   $*"; }
fail() { HIP_FAILED=$((HIP_FAILED + 1)); echo "FAIL $*"; }

# check WHAT COMMAND...: it succeeds.
check() {
	local what=$1 rc; shift
	"$@" >"$HIP_DIR/said" 2>&1; rc=$?
	if [ $rc -eq 0 ]; then
		pass "$what"
	else
		fail "$what: status $rc"
		tail -n 20 "$HIP_DIR/said" | sed 's/^/     /'
	fi
	return $rc
}

# equal WHAT EXPECTED ACTUAL
equal() {
	if [ "$2" = "$3" ]; then
		pass "$1: $3"
	else
		fail "$1: wanted $2, got: $3"
	fi
}

# between WHAT LOW HIGH VALUE: numbers, with or without a point.
between() {
	if awk -v v="$4" -v lo="$2" -v hi="$3" \
		'BEGIN { exit !(v ~ /^-?[0-9.]+$/ && lo + 0 <= v + 0 && v + 0 <= hi + 0) }'; then
		pass "$1: $4"
	else
		fail "$1: wanted $2 to $3, got: $4"
	fi
}

# hip_end: no daemon died on the way, no sanitizer spoke; the script's end.
hip_end() {
	local n found
	for n in "${!HIP_PID[@]}"; do
		kill -0 "${HIP_PID[$n]}" 2>/dev/null || fail "$n's daemon is gone"
	done
	found=$(grep -lE 'ERROR: [A-Za-z]*Sanitizer|runtime error:|Assertion .* failed' \
		"$HIP_DIR"/*/log 2>/dev/null)
	[ -z "$found" ] || fail "a sanitizer or an assertion spoke in $found"
	echo "$HIP_PASSED checks hold, $HIP_FAILED do not"
	[ $HIP_FAILED -eq 0 ]
	exit
}

# until_true SECONDS COMMAND...: asks again until it succeeds or time is over.
until_true() {
	local end=$((${EPOCHREALTIME/./} + $1 * 1000000)); shift
	while ! "$@" >/dev/null 2>&1; do
		[ "${EPOCHREALTIME/./}" -lt $end ] || return 1
		sleep 0.02
	done
}

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

# hip_sanitized: is this build one with sanitizers? Its memory says nothing.
hip_sanitized() { grep -aq '__asan_init\|__tsan_init' "$HIP_BUILD/hiplined"; }

# --- hosts

# hip_host NAME [UP]: a host (nl_host) with an identity. HIP_ALGORITHM says of
# which kind, HIP_IDENTITY names a file to take instead.
hip_host() {
	local dir=$HIP_DIR/$1
	nl_host "$1" "${2:-inet}" || exit 1
	hip_identity "$1" || { fail "keygen for $1: $(cat "$dir/log")"; hip_end; }
}

# hip_identity NAME: its directory and its identity, without a network.
hip_identity() {
	local dir=$HIP_DIR/$1
	mkdir -p "$dir/run" || return
	HIP_HIT[$1]=$("$HIP_BUILD/hipline" keygen "$dir/identity.pem" \
		-a "${HIP_ALGORITHM:-ecdsa-p256}" 2>"$dir/log") || return
	# The engine reads its identity as nobody where the monitor is not asked.
	chown nobody "$dir/identity.pem"
	HIP_KEYS[$1]='' HIP_PEERS[$1]=''
}

# hip_etc NAME: files in $HIP_ETC are those of /etc for what is started there.
hip_etc() {
	HIP_ETC=/etc/netns/$NL_TAG-$1
	mkdir -p "$HIP_ETC"
}

# hip_set NAME TEXT...: lines for its host section, instead of earlier ones.
hip_set() {
	local n=$1; shift
	HIP_KEYS[$n]=$(printf '\t%s\n' "$@")
}

# hip_address NAME: the address others reach it by. HIP_FAMILY=6: by IPv6.
hip_address() {
	if [ "${HIP_FAMILY:-4}" = 6 ]; then
		echo "[${NL_IP6[$1.eth0]}]:10500"
	else
		echo "${NL_IP[$1.eth0]}:10500"
	fi
}

# hip_knows A B [LOCATOR]: a peer entry for B at A.
hip_knows() {
	HIP_PEERS[$1]+="peer $2 {
	hit = \"${HIP_HIT[$2]}\"
	locator = { \"${3-$(hip_address "$2")}\" }
}
"
}
# hip_meet A B: entries at both.
hip_meet() { hip_knows "$1" "$2"; hip_knows "$2" "$1"; }

# hip_configure NAME: writes its configuration, again. A key that hip_set has
# is not written a second time.
hip_configure() {
	local dir=$HIP_DIR/$1 line
	{
		echo "host {"
		for line in "identity = \"$dir/identity.pem\"" \
			'interface = "hip0"' \
			"control = \"$dir/run/control.sock\"" \
			"state = \"$dir/state\"" \
			'users = { "nobody", "nobody", "nobody" }' \
			"workers = ${HIP_WORKERS:-0}" \
			"offload = ${HIP_OFFLOAD:-auto}" \
			"aead = ${HIP_AEAD:-auto}"; do
			[[ ${HIP_KEYS[$1]} == *"${line%% *} ="* ]] || echo "	$line"
		done
		echo "${HIP_KEYS[$1]}"
		echo "}"
		echo "${HIP_PEERS[$1]}"
	} >"$dir/hipline.conf"
}

# hip NAME ARG...: hipline, talking to NAME's daemon.
hip() {
	local n=$1; shift
	nl_in "$n" timeout 20 "$HIP_BUILD/hipline" -s "$HIP_DIR/$n/run/control.sock" "$@"
}

# hip_start NAME: configured and started; not waited for.
hip_start() {
	local with=()
	[ ! -e "$HIP_DIR/$1/shift" ] ||
		with=(env "CLOCK_SHIFT=$HIP_DIR/$1/shift" "LD_PRELOAD=$NL_BIN/clockshift.so")
	[ -z "${HIP_LACKS[$1]:-}" ] ||
		with=(env "LACKS=${HIP_LACKS[$1]}" "LD_PRELOAD=$NL_BIN/lacking.so")
	hip_configure "$1"
	nl_bg "$1" /dev/null bash -c 'exec "$@" 2>>"$0" >&2' "$HIP_DIR/$1/log" \
		"${with[@]}" "$HIP_BUILD/hiplined" -c "$HIP_DIR/$1/hipline.conf"
	HIP_PID[$1]=$NL_PID
}

# hip_ready NAME: its daemon answers.
hip_ready() {
	until_true 10 hip_ready_now "$1"
}
hip_ready_now() {
	hip "$1" status || ! kill -0 "${HIP_PID[$1]}"
}

# hip_lacks NAME WORDS: what the kernel and the processor do not have for its
# daemon when it is started next (lacking.c).
declare -A HIP_LACKS=()
hip_lacks() { HIP_LACKS[$1]=$2; }

# hip_shift NAME SECONDS: so far is its wall clock ahead from now on, if its
# daemon is started after the first of these (clockshift.c).
hip_shift() {
	printf '%-32s' "$2" | dd of="$HIP_DIR/$1/shift" conv=notrunc status=none
}

# hip_up NAME...: started and answering, or the test ends here.
hip_up() {
	local n
	for n; do hip_start "$n"; done
	for n; do
		hip_ready "$n" && hip "$n" status >/dev/null || {
			fail "$n's daemon does not answer"
			hip_end
		}
	done
}

# hip_crowd NODE PREFIX: all of these IPv4 addresses are this host's, for tools
# that stand for many hosts.
hip_crowd() {
	ip -n "$NL_TAG-inet" route add "$2" via "${NL_IP[$1.eth0]}" &&
		ip -n "$NL_TAG-$1" route add local "$2" dev lo
}

# hip_engine NAME, hip_resolver NAME: the pids of the monitor's children.
hip_engine() { pgrep -P "${HIP_PID[$1]}" -x hiplined; }
hip_resolver() { pgrep -P "${HIP_PID[$1]}" -x hipline-resolve; }

# hip_stop NAME...: ended in good order, one after the other, so that each can
# take leave of those that are still up; fails when one ends otherwise.
hip_stop() {
	local n rc=0 status
	for n; do
		kill "${HIP_PID[$n]}" 2>/dev/null
		until_true 10 hip_gone "${HIP_PID[$n]}" ||
			kill -9 "${HIP_PID[$n]}"
		wait "${HIP_PID[$n]}" 2>/dev/null; status=$?
		[ $status -eq 0 ] || { rc=1; echo "$n ended with status $status"; }
		unset "HIP_PID[$n]"
	done
	return $rc
}
hip_gone() { [ "$(ps -o stat= -p "$1" | cut -c1)" = Z ] || ! kill -0 "$1"; }

# hip_kill NAME...: kill -9 to all their processes, at once.
hip_kill() {
	local n pids=()
	for n; do
		# shellcheck disable=SC2207  # pids
		pids+=("${HIP_PID[$n]}" $(pgrep -P "${HIP_PID[$n]}"))
	done
	kill -9 "${pids[@]}"
	for n; do
		wait "${HIP_PID[$n]}"
		unset "HIP_PID[$n]"
	done 2>/dev/null
}

# hip_forget NAME...: a stopped host no longer knows which peers it had. It
# would speak to them first when it starts, where it saw them last.
hip_forget() {
	local n
	for n; do rm -f "$HIP_DIR/$n/state/recent-peers"; done
}

# hip_again NAME...: stopped, and started anew, without an association.
hip_again() { hip_stop "$@" && hip_up "$@"; }

# hip_json NAME FILTER ARG...: jq's FILTER of a command's JSON.
hip_json() {
	local n=$1 filter=$2; shift 2
	hip "$n" --json "$@" | jq -r "$filter"
}

# hip_state NAME PEER: the state of that association.
hip_state() {
	hip_json "$1" ".associations[] | select(.hit == \"${HIP_HIT[$2]}\") | .state" peers
}

# hip_rekey FROM TO: FROM asks for new keys, and both have them.
hip_rekey() {
	local from to
	from=$(hip_rekeys "$1" "$2") && to=$(hip_rekeys "$2" "$1") &&
		hip "$1" rekey "${HIP_HIT[$2]}" &&
		until_true 5 hip_rekeyed "$1" "$2" "$from" "$to"
}
hip_rekeys() {
	hip_json "$1" ".associations[] | select(.hit == \"${HIP_HIT[$2]}\") | .rekeys" peers
}
hip_rekeyed() {
	[ "$(hip_rekeys "$1" "$2")" -gt "$3" ] && [ "$(hip_rekeys "$2" "$1")" -gt "$4" ]
}

# hip_ping FROM TO [ARG...]: ping from host to host, by HIT.
hip_ping() {
	local from=$1 to=$2; shift 2
	nl_in "$from" ping -q "$@" "${HIP_HIT[$to]}"
}

# hip_answers LAST: ping's output has one answer for each up to the number LAST;
# or up to the last answer, when more than that were sent.
hip_answers() {
	awk -v want="$1" '
		/ bytes from .*icmp_seq=/ {
			n = $0; sub(/.*icmp_seq=/, "", n); n += 0
			answers++
			if (!seen[n]++) heard++
			if (n > last) last = n
		}
		!/ bytes from .*icmp_seq=/
		END {
			print heard + 0 " of " last + 0 " answered, " \
				answers - heard " twice"
			exit !(heard > 0 && heard == last &&
				answers == heard && last >= want)
		}'
}

# hip_pings_all FROM TO COUNT [ARG...]: none of COUNT pings is lost. Without a
# deadline ping waits for no more than twice the time of earlier answers, which
# is short where the processor is busy.
hip_pings_all() {
	local from=$1 to=$2 count=$3; shift 3
	nl_in "$from" ping -c "$count" -i 0.01 -w 10 "$@" "${HIP_HIT[$to]}" |
		hip_answers "$count"
}

# hip_pinging FILE FROM TO [ARG...]: pings until hip_pinged, into $HIP_DIR/FILE.
declare -A HIP_PINGING=()
hip_pinging() {
	local file=$1 from=$2 to=$3; shift 3
	nl_bg "$from" "$HIP_DIR/$file" ping "$@" "${HIP_HIT[$to]}"
	HIP_PINGING[$file]=$NL_PID
}
# hip_pinged FILE...: each was answered, once, up to the last answer. Of those
# that are under way when ping ends nobody knows.
hip_pinged() {
	local file sent rc=0
	for file; do
		kill -INT "${HIP_PINGING[$file]}"
		wait "${HIP_PINGING[$file]}"
		unset "HIP_PINGING[$file]"
		sent=$(sed -n 's/^\([0-9]*\) packets transmitted.*/\1/p' \
			"$HIP_DIR/$file")
		hip_answers $((sent - 100)) <"$HIP_DIR/$file" || rc=1
	done
	return $rc
}

# hip_listens NODE PORT
hip_listens() { nl_in "$1" ss -Hlnt "sport = :$2" | grep -q .; }

# hip_stream FROM TO PORT MB: random bytes by TCP; both ends hash what passes
# them, to $HIP_DIR/PORT.in and PORT.out.
hip_stream() {
	local from=$1 to=$2 port=$3 size=$4 end
	nl_in "$to" timeout 250 socat -u "TCP6-LISTEN:$port,bind=[${HIP_HIT[$to]}]" - |
		sha256sum >"$HIP_DIR/$port.in" & end=$!
	until_true 5 hip_listens "$to" "$port" || echo "no listener"
	head -c "${size}M" /dev/urandom | tee >(sha256sum >"$HIP_DIR/$port.out") |
		nl_in "$from" timeout 250 socat -u - \
			"TCP6:[${HIP_HIT[$to]}]:$port,connect-timeout=20"
	wait $end
}

# --- what passes on a wire

# Neighbours, routers and multicast listeners of the host's own kernel.
HIP_NEIGHBOURS='arp or (ip6[6] = 58 and ip6[40] >= 133 and ip6[40] <= 137) or (ip6[6] = 0 and ip6[40] = 58 and ip6[48] = 143)'
HIP_OURS='udp and src port 10500 and dst port 10500'

# hip_capture FILE NODE IF [TCPDUMP ARG...]: begin, into $HIP_DIR/FILE.pcap.
# The wire of NAME's eth0 is interface wa in node w-NAME-eth0.
hip_capture() {
	local file=$1 node=$2 if=$3; shift 3
	# Not nl_bg: what tcpdump says must be seen while it runs.
	ip netns exec "$NL_TAG-$node" tcpdump -i "$if" -Z root -n -U -B 32768 \
		--immediate-mode -w "$HIP_DIR/$file.pcap" "$@" \
		2>"$HIP_DIR/$file.tcpdump" </dev/null &
	HIP_CAPTURE[$file]=$!
	until_true 10 grep -q 'listening on' "$HIP_DIR/$file.tcpdump" || {
		fail "capture of $if in $node: $(cat "$HIP_DIR/$file.tcpdump")"
		return 1
	}
}
hip_capture_wire() { local f=$1 n=$2; shift 2; hip_capture "$f" "w-$n-eth0" wa "$@"; }

# hip_captured FILE...: the capture ends; one that lost packets is void.
hip_captured() {
	local file dropped
	for file; do
		kill -INT "${HIP_CAPTURE[$file]}" 2>/dev/null
		wait "${HIP_CAPTURE[$file]}"
		unset "HIP_CAPTURE[$file]"
		dropped=$(sed -n 's/^\([0-9]*\) packets dropped by kernel/\1/p' \
			"$HIP_DIR/$file.tcpdump")
		[ "$dropped" = 0 ] || fail "capture $file lost $dropped packets"
	done
}

# hip_count FILE [FILTER]: packets in a capture.
hip_count() {
	tcpdump -n --count -r "$HIP_DIR/$1.pcap" "${2:-}" 2>/dev/null |
		sed -n 's/^\([0-9]*\) packets\{0,1\}$/\1/p'
}

# hip_only FILE: nothing but UDP 10500 and neighbours, and some of it.
hip_only() {
	local ours else
	ours=$(hip_count "$1" "$HIP_OURS")
	else=$(hip_count "$1" "not ($HIP_OURS) and not ($HIP_NEIGHBOURS)")
	echo "$ours of UDP 10500, $else of something else"
	[ "${ours:-0}" -gt 0 ] && [ "${else:-1}" = 0 ] && return
	tcpdump -n -r "$HIP_DIR/$1.pcap" \
		"not ($HIP_OURS) and not ($HIP_NEIGHBOURS)" 2>/dev/null | head -n 10
	return 1
}

# hip_tshark_finds FILE [FILTER]: what tshark finds wrong, as "packet type:
# message". tshark 4.0 knows HOST_ID only as HIPv1 (RFC 5201 5.2.8) had it, with
# the algorithm in the last byte of a word of flags. RFC 7401 5.2.9 has a 16-bit
# algorithm there and the identity begins where tshark looks for it, so for R1
# and I2, which carry a HOST_ID, it warns of an unknown algorithm and of an odd
# tail. These two, in these two packets, are let through, and nothing else is.
hip_tshark_finds() {
	tshark -r "$HIP_DIR/$1.pcap" -Y "${2:-frame}" -T fields \
		-E 'aggregator=|' -e hip.packet_type -e _ws.expert.severity -e _ws.expert.message 2>/dev/null |
	awk -F '\t' '
		BEGIN { warning = 6291456 } # 0x600000; an error is 0x800000
		{
			n = split($2, severity, "|"); split($3, message, "|")
			for (i = 1; i <= n; i++) {
				if (severity[i] < warning) continue
				if (($1 == 2 || $1 == 3) && (message[i] == "Unknown algorithm type" ||
				    message[i] == "Trailing stray characters")) continue
				print $1 ": " message[i]
			}
		}'
}

# hip_fields FILE FILTER FIELD...: what tshark reads, a line per packet.
hip_fields() {
	local file=$1 filter=$2 args=() f; shift 2
	for f; do args+=(-e "$f"); done
	tshark -r "$HIP_DIR/$file.pcap" -Y "$filter" -T fields "${args[@]}" 2>/dev/null
}
