#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# tshark reads one message of each kind to its last field and complains of
# none; and does complain when a length inside is wrong.
#
# What tshark 4.0 does not know: the version 0x0a of RFC 6940 (it shows a
# number), the Kinds of the private range, whose values it passes over by
# their lengths, the signer identity "none" of values that are not there, and
# where the keys inside a Fetch stand (it shows empty ones).
set -u
program=tests/unit/reload_capture
command -v tshark >/dev/null || { echo "no tshark"; exit 77; }
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
complaint='Expert Info|Malformed|Truncated|Dissector bug'

"$program" >"$dir/good.pcap" && "$program" broken >"$dir/broken.pcap" || exit 1
for capture in good broken; do
	tshark -r "$dir/$capture.pcap" -V >"$dir/$capture" 2>"$dir/stderr" || {
		cat "$dir/stderr"
		exit 1
	}
done

# The last field that is peculiar to each body.
declare -A last=(
	[probe_req]='uptime \(0x03\)'
	[probe_ans]='uptime \(uint32\): 3600'
	[store_req]='NodeId: 20010022cafe00000000000000000002'
	[store_ans]='NodeId: 20010022cafe00000000000000000004'
	[fetch_req]='indices\(0 keys\)'
	[fetch_req_keys]='indices'
	[fetch_ans]='node_id \(NodeId\): 20010022cafe00000000000000000001'
	[fetch_ans_absent]='exists \(Boolean\): False'
	[store_locators]='lifetime \(uint32\): 3600'
	[fetch_locators]='KindId.*: 4026531841'
	[fetch_ans_locators]='lifetime \(uint32\): 3600'
	[store_revocations]='lifetime \(uint32\): 3600'
	[find_req]='KindId.*: 2 '
	[find_ans]='closest'
	[join_req]='joining_peer_id.*20010022cafe00000000000000000001'
	[join_ans]='overlay_specific_data'
	[leave_req]='NodeId: 20010022cafe0000000000000000001b'
	[leave_ans]='leave_ans'
	[update_ready]='peer_ready'
	[update_neighbors]='NodeId: 20010022cafe0000000000000000001b'
	[update_full]='NodeId: 20010022cafe0000000000000000002e'
	[update_ans]='update_ans'
	[route_query_req]='overlay_specific_data'
	[route_query_ans]='next_peer.*20010022cafe00000000000000000009'
	[ping_req]='padding'
	[ping_ans]='time \(uint64\): Nov 14, 2023'
	[stat_req]='indices\(0 keys\)'
	[stat_ans]='hash_value \(opaque<32>\)'
	[error]='error_info'
)

# What tshark says of frame N of a capture.
frame() {
	awk -v n="$2:" '/^Frame /{ on = ($2 == n) } on' "$dir/$1"
}

wrong=0 n=0
fail() {
	echo "$name: $1"
	wrong=1
}
while read -r name; do
	n=$((n + 1))
	text=$(frame good $((2 * n - 1)))
	found=$(grep -E "$complaint" <<<"$text")
	[ "$name" != fetch_ans_absent ] ||
		found=$(grep -v 'Unknown identity type' <<<"$found")
	[ -z "$found" ] || fail "$found"
	grep -qE "${last[$name]:-no field is named}" <<<"$text" ||
		fail "no field ${last[$name]:-}"
	# The end of the message: its signature of 64 bytes, then nothing.
	[[ $(tail -n 4 <<<"$text") == *'signature_value (opaque<64>)'* ]] ||
		fail "its signature is not the last field"
	frame broken $((2 * n - 1)) | grep -qE "$complaint" ||
		fail "a wrong length is not seen: the judge is blind"
	text=$(frame good $((2 * n)))
	grep -q "ack_sequence (uint32): $((n - 1))$" <<<"$text" ||
		fail "the acknowledgement is not read"
done < <("$program" names)
[ "$n" -eq ${#last[@]} ] || { echo "$n messages, ${#last[@]} expected"; wrong=1; }
echo "tshark reads $n kinds of messages"
exit $wrong
