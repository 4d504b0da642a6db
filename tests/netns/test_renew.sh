#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Certificates renew themselves: on their 20th day; after their end, when the
# authority was away until then, with a warning before; and not too late, nor
# for who is revoked. The wall clocks are moved, the hosts run on.
# Budget: 90 s, long 90 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

# day N: it is so many days after the beginning, at all hosts.
day() {
	local n
	for n in a b c; do hip_shift $n $(($1 * 86400)); done
}
# begun NAME: the day on which its certificate began.
begun() {
	local from
	from=$(jq -r .certificate "$HIP_DIR/$1/state/membership.json" |
		base64 -d | openssl x509 -inform der -noout -startdate) &&
		from=$(date -d "${from#*=}" +%s) &&
		echo $(((from - began + 43200) / 86400))
}
has_begun() { [ "$(begun "$1")" = "$2" ]; }
warns() { hip_json "$1" '.warnings[].code' status | grep -qx "$2"; }
remedy() { hip_json "$1" ".warnings[] | select(.code == \"$2\").remedy" status; }
reaches() { hip "$1" ping -c 1 "$2"; }

hip_init
hip_sanitized && { echo "a sanitizer has to be loaded first; skipped"; exit 77; }
for n in a b c; do hip_host $n; done
began=$EPOCHSECONDS
day 0
hip_up a b c
hip a create example.com --name alice@example.com >"$HIP_DIR/said" ||
	{ fail "no overlay: $(cat "$HIP_DIR/said")"; hip_end; }
check 'b joins' hip b join "$(hip a invite bob@example.com)"
check 'c joins' hip c join "$(hip a invite carol@example.com)"
check 'b reaches c by its name' until_true 15 reaches b carol@example.com
equal 'by its certificate' authority \
	"$(hip_json b '.hits[0].proof' resolve carol@example.com)"

day 19
check 'a day of the engine' until_true 3 hip b status
equal 'nothing is renewed before day 20' '0 0 0' "$(begun a) $(begun b) $(begun c)"
day 21
for n in a b c; do
	check "$n has another one by itself" until_true 15 has_begun $n 21
	check '  and nothing to warn of' eval "! warns $n not-renewed"
done
check 'b reaches c' until_true 5 reaches b carol@example.com
between 'overlay says from when on it is renewed, in days' 40.9 41.1 \
	"$(hip_json b "(.certificate.renewed_from_s - $began) / 86400" overlay)"
between '  and when it ends' 50.9 51.1 \
	"$(hip_json b "(.certificate.ends_s - $began) / 86400" overlay)"
check '  for people, too' eval \
	'hip b overlay | grep -q "^certificate *until $(date -ud @$(hip_json b .certificate.ends_s overlay) +%F)"'
day 31
check 'c begins anew after the end of its first' eval 'hip_stop c && hip_up c'
check 'and is let in by b' until_true 15 reaches c bob@example.com

# The authority goes away.
check 'the authority ends' hip_stop a
day 46
for n in b c; do
	check "$n warns of the end" until_true 5 warns $n certificate-ends
done
check 'b goes on without the authority' until_true 5 reaches b carol@example.com
day 52
for n in b c; do
	check "$n says that it has ended" until_true 5 warns $n certificate-ended
	check '  and warns of nothing else' eval "! warns $n certificate-ends"
done
check 'the remedy is the authority' grep -q 'is renewed' <<<"$(remedy b certificate-ended)"
check 'c is not found any more' eval '! hip b resolve carol@example.com'

# It comes back. As long as c does not renew it is a guest there.
kill -STOP "$(hip_resolver c)"
hip_up a
check 'a renews its own first' until_true 5 has_begun a 52
check 'b renews what has ended, by itself' until_true 45 has_begun b 52
check '  and warns of nothing' until_true 5 eval \
	'! warns b certificate-ended && ! warns b not-renewed'
# shellcheck disable=SC2317  # until_true calls it
is_guest() { nl_in c ping -c 1 -W 1 "${HIP_HIT[a]}"; [ "$(hip_state a c)" = established ]; }
check 'c, which has not, gets to a' until_true 10 is_guest
check '  where it reaches nothing' eval \
	'! nl_in c ping -c 2 -i 0.2 -W 1 "${HIP_HIT[a]}"'
equal '  and its name is nobody elses' 1 \
	"$(hip a invite carol@example.com >/dev/null 2>&1; echo $?)"
kill -CONT "$(hip_resolver c)"
check 'c renews, too' until_true 45 has_begun c 52
check '  and warns of nothing' until_true 5 eval '! warns c certificate-ended'
check '  and reaches a' until_true 5 hip_pings_all c a 3
check 'b reaches c by its name' until_true 20 reaches b carol@example.com

# Who is revoked after the end does not come back, nor who is too late.
kill -STOP "$(hip_resolver c)"
day 83
check 'c says that it has ended' until_true 5 warns c certificate-ended
check 'c is revoked' hip a revoke carol@example.com
kill -CONT "$(hip_resolver c)"
check 'b renews' until_true 45 has_begun b 83
check '  and c is not let in' eval '! is_guest'
equal '  and has what it had' 52 "$(begun c)"
check 'a ends again' hip_stop a
day 144
hip_up a
check 'b is too late' until_true 5 eval \
	'remedy b certificate-ended | grep -q "new invitation"'
check '  and leaves' hip b leave
check '  and is invited anew' hip b join "$(hip a invite bob@example.com)"
equal '  on that day' 144 "$(begun b)"
check 'all end' hip_stop a b c
hip_end
