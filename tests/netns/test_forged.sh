#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Floods of I2s: wrong solutions cost one hash, those of nobody's puzzle not
# even that; right ones with bad signatures make puzzles harder, and honest
# hosts get through; a good one that comes again gets its R2 from memory.
# Alone: it measures, or takes all of the machine.
# Budget: 60 s, long 180 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

n=20000 rate=10000 seconds=4 honest=10 repeated=300
[ "${HIP_LONG:-0}" = 0 ] || { n=500000; rate=50000; seconds=30; honest=50; repeated=1000; }

# note: the counters as they are now; rise NAME: what one has gained since.
note() { hip alice --json counters >"$HIP_DIR/noted"; }
rise() {
	hip alice --json counters | jq --slurpfile b "$HIP_DIR/noted" \
		".$1 - (\$b[0].$1 // 0)"
}
counter() { hip_json alice ".$1" counters; }
said() { sed -n "s/^$1 \([0-9]*\)$/\1/p" "$HIP_DIR/forger"; }
forger() {
	nl_in mallory "$NL_BIN/forger" 10.128.0.1 "$to" "${HIP_HIT[alice]}" "$@" \
		>"$HIP_DIR/forger" || fail "forger $*: status $?"
}
associations() { # how many there are, and bob's SPIs
	hip_json alice "(.associations | length | tostring), (.associations[] |
		select(.hit == \"${HIP_HIT[bob]}\") | [.spi_in, .spi_out] | tojson)" \
		peers | xargs
}
# cheap WHAT FORGED: but for so many, no I2 since the note cost more than hashes.
cheap() {
	equal "$1: Diffie-Hellman" "$2" "$(rise dh_agreements)"
	equal "$1: signatures looked at" "$2" "$(rise signatures_verified)"
	equal "$1: answers" 0 "$(said answered)"
	equal "$1: associations" "$state" "$(associations)"
}

hip_init
NL_FAST=1
hip_host alice; hip_host bob
nl_host mallory; nl_host crowd
hip_crowd mallory 10.128.0.0/18
hip_crowd crowd 10.64.0.0/16
hip_set alice 'accept = any' 'log = "warning"'
hip_meet alice bob
hip_up alice bob
to=${NL_IP[alice.eth0]}
check "traffic" until_true 5 hip_pings_all bob alice 5
state=$(associations)

# --- T9
note
forger stale $n $rate
cheap "another's puzzle" 0
equal "  hashes of solutions" 0 "$(rise puzzles_verified)"
stale=$(rise hip_drop_puzzle_stale)
between "  dropped for it" $((n / 2)) "$n" "$stale"
equal "  and that was all" "$(rise hip_received_i2)" "$stale"
equal "  signatures made" 0 "$(rise signatures_made)"
# A solution cannot be wrong until puzzles are hard: the tool sees to that, each
# time with a forged I2 and its copy.
note
forger wrong $n $rate
forged=$(($(said before) / 2))
between "wrong solutions: K" 4 16 "$(said K)"
cheap "wrong solutions" $forged
wrong=$(rise hip_drop_wrong_solution)
between "  dropped for it" $((n / 2)) "$n" "$wrong"
equal "  one hash each" $((wrong + forged)) "$(rise puzzles_verified)"
equal "  and nothing else came of them" "$(rise hip_received_i2)" \
	$((wrong + 2 * forged))
check "  traffic goes on" hip_pings_all bob alice 20

# --- T10
note
nl_bg mallory "$HIP_DIR/forger" "$NL_BIN/forger" 10.128.0.1 "$to" \
	"${HIP_HIT[alice]}" forged $seconds 4
forging=$NL_PID
check "bad signatures: puzzles become harder" \
	until_true 3 eval '[ "$(counter puzzle_k)" -ge 4 ]'
check "  $honest of $honest honest exchanges" nl_in crowd \
	"$NL_BIN/honest" 10.64.1.1 "$to" "${HIP_HIT[alice]}" exchanges $honest 1
times=$(sed -n 's/^time: //p' "$HIP_DIR/said")
between "  $times" 0 3000 "$(sed -n 's/.*worst \([0-9]*\) ms/\1/p' <<<"$times")"
kill -0 $forging 2>/dev/null && during=yes || during=no
equal "  while it went on" yes $during
wait $forging
forged=$(rise hip_drop_signature)
between "  K of the last" 4 16 "$(said K)"
between "  forged I2s" 20 $(($(said sent) / 2)) "$forged"
equal "  each solution counts once" $((forged + honest)) "$(rise dh_agreements)"
equal "  and not twice" "$forged" "$(rise hip_drop_solution_used_before)"
check "  easy again" until_true 20 eval '[ "$(counter puzzle_k)" -lt 4 ] ||
	! nl_in crowd "$NL_BIN/flood" 10.64.2.1/32 "$to" "${HIP_HIT[alice]}" 5 1'
check "  traffic goes on" hip_pings_all bob alice 20

# --- T11
state=$(associations)
note
forger repeat $repeated 500
took=$(rise hip_received_i2)
between "a good I2, repeated" $((repeated / 2)) $((repeated + 1)) "$took"
equal "  Diffie-Hellman" 1 "$(rise dh_agreements)"
# One in 100 ms, and the first.
between "  R2s" 2 $((repeated / 50 + 3)) "$(rise hip_sent_r2)"
equal "  the others are counted" $((took - $(rise hip_sent_r2))) \
	"$(rise hip_drop_rate_limit)"
equal "  associations more" 1 $(($(associations | cut -d ' ' -f 1) - ${state%% *}))
check "traffic goes on" hip_pings_all bob alice 20
hip_end
