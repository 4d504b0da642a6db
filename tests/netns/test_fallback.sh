#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Whatever the kernel and the processor lack, what is sent is the same: hosts
# without offloads, without libipsec-mb and without AES instructions speak with
# each other and with one that has all; status says which way packets go. Told
# so by their configuration, and when they find out.
# Budget: 90 s, long 300 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

mb=5
[ "${HIP_LONG:-0}" = 0 ] || mb=200
# ipsec-mb where it was built in and works here.
best=openssl

# A capability mask for OpenSSL: no AES-NI, no PCLMULQDQ, no VAES.
without_aes() {
	export OPENSSL_ia32cap='~0x200000200000000:~0x60000000000'
}
with_aes() { unset OPENSSL_ia32cap; }

# up NAME FORM: configured and started so. full: with all there is.
up() {
	local keys=()
	case $2 in
	full) ;;
	no-*) lacking "$1" "$2" ;;
	plain) keys=('offload = off') ;;
	openssl) keys=('aead = openssl') ;;
	slow) keys=('aead = openssl' 'offload = off'); without_aes ;;
	esac
	hip_set "$1" "${keys[@]}" "esp = { $suites }"
	hip_up "$1"
	with_aes; hip_lacks "$1" ''
}
# A kernel or a processor that does not have it, with aead and offload auto.
lacking() {
	hip_lacks "$1" "${2#no-}"
	[ "$2" != no-aes ] || without_aes
}
# without OFFLOAD...: of all that the kernel here has.
without() { grep -vxF "$(printf '%s\n' "$@")" <<<"${all// /$'\n'}" | xargs; }
# shows NAME FORM: what status says of it.
shows() {
	local aead=openssl offload='vnet*'
	[[ $2 != full && $2 != plain ]] || aead=$best
	[[ $2 != no-* || $2 == no-aes ]] || aead=$best
	case $2 in
	plain | slow | no-vnet) offload=none ;;
	no-uso) offload=$(without uso) ;;
	no-tso) offload=$(without tso uso) ;;
	no-segment) offload=$(without udp-segment) ;;
	no-gro) offload=$(without udp-gro) ;;
	esac
	equal "  $1 says" "$aead" "$(hip_json "$1" .aead status)"
	# shellcheck disable=SC2053  # a pattern
	if [[ $(hip_json "$1" .offload status) == $offload ]]; then
		pass "  and $(hip_json "$1" .offload status)"
	else
		fail "  and not $offload but $(hip_json "$1" .offload status)"
	fi
	equal "  as its worker does" "$(hip_json "$1" .offload status)" \
		"$(hip_json "$1" '.workers[0].offload' status)"
}
sound() { # NAME: nothing came that could not be read
	equal "  refused by $1" "" "$(hip_json "$1" 'to_entries[] |
		select(.value > 0 and (.key | test("^data_drop_(esp_bad_icv|
			esp_bad_padding|esp_short|esp_replayed|inner_not_ipv6|
			tun_failed)$"; "x"))) |
		"\(.key) \(.value)"' counters)"
}
# datagrams: of 2000 that alice sent bob none came twice, none was overtaken.
# Queues are full for a moment where the machine is busy.
datagrams() {
	nl_bg bob "$HIP_DIR/heard" "$NL_BIN/paced" receive 7002
	local pid=$NL_PID
	until_true 5 listens
	nl_in alice "$NL_BIN/paced" send "${HIP_HIT[bob]}" 7002 2000 1 600
	kill "$pid"; wait "$pid"
	cat "$HIP_DIR/heard"
	grep -qE 'received (2000|19[0-9][0-9]), doubled 0, overtaken 0,' \
		"$HIP_DIR/heard"
}
listens() { [ -n "$(nl_in bob ss -Hlun 'sport = :7002')" ]; }

export NL_FAST=1 # cables with offloads
hip_init
hip_host alice; hip_host bob
hip_meet alice bob
suites='13, 9, 8'
up alice full
[ "$(hip_json alice .aead status)" = openssl ] || best=ipsec-mb
all=$(hip_json alice .offload status)
check "alone" hip_stop alice
for pair in "full plain 13" "plain full 13" "openssl full 13" "slow full 13" \
	"full slow 8" "slow slow 13" "plain openssl 9" "no-uso no-segment 13" \
	"no-gro no-vnet 13" "no-aes no-tso 13"; do
	# What takes features away has to be loaded first, as a sanitizer has.
	! hip_sanitized || [[ $pair != no-* ]] || continue
	read -r a b suites <<<"$pair"
	echo "     alice $a, bob $b, suite $suites"
	up alice "$a"; up bob "$b"
	check "  ping" hip_pings_all alice bob 50
	shows alice "$a"; shows bob "$b"
	check "  ping back, in fragments" hip_pings_all bob alice 20 -s 4000
	hip_stream alice bob 5001 $mb & pid=$!
	hip_stream bob alice 5002 $mb
	wait $pid
	for n in 5001 5002; do
		equal "  TCP" "$(cat "$HIP_DIR/$n.out")" "$(cat "$HIP_DIR/$n.in")"
	done
	check "  datagrams" datagrams
	sound alice; sound bob
	check "  they stop" hip_stop alice bob
	hip_forget alice bob
done
hip_end
