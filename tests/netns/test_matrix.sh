#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Every pair of identity algorithms, DH group, HIP cipher and ESP suite: 100
# pings, none lost, and the association has what was asked for. In the short
# form every two values meet in some row; the long form has all rows.
# Budget: 150 s, long 900 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

algorithms=(ecdsa-p256 ecdsa-p384 rsa-3072)
groups=(7 8)
ciphers=(2 4)
suites=(13 9 8)

# One row per line: the initiator's and the responder's algorithm, group,
# cipher, suite. Nine rows are the fewest for the algorithms alone; these
# columns were searched for so that every other pair is among them too.
pairwise() {
	local i=0 a b g=(0 0 1 1 0 0 0 1 0) c=(0 1 0 0 0 1 1 1 0)
	for a in 0 1 2; do
		for b in 0 1 2; do
			echo "${algorithms[a]} ${algorithms[b]} ${groups[g[i]]}" \
				"${ciphers[c[i]]} ${suites[(a + b) % 3]}"
			i=$((i + 1))
		done
	done
}
every() {
	local a b g c s
	for a in "${algorithms[@]}"; do for b in "${algorithms[@]}"; do
		for g in "${groups[@]}"; do for c in "${ciphers[@]}"; do
			for s in "${suites[@]}"; do
				echo "$a $b $g $c $s"
			done
		done; done
	done; done
}

# uncovered: pairs of values of two columns that no row on stdin has.
uncovered() {
	awk -v v="${algorithms[*]}|${algorithms[*]}|${groups[*]}|${ciphers[*]}|${suites[*]}" '
		{ for (i = 1; i <= 5; i++) for (j = i + 1; j <= 5; j++)
			seen[i, $i, j, $j] = 1 }
		END {
			split(v, column, "|")
			for (i = 1; i <= 5; i++) for (j = i + 1; j <= 5; j++) {
				n = split(column[i], x, " ")
				m = split(column[j], y, " ")
				for (k = 1; k <= n; k++) for (l = 1; l <= m; l++)
					if (!((i, x[k], j, y[l]) in seen))
						print i, x[k], j, y[l]
			}
		}'
}

hip_init
rows=pairwise
[ "${HIP_LONG:-0}" = 0 ] || rows=every
equal "pairs left out" "" "$($rows | uncovered)"

hip_host alice; hip_host bob
# One identity of each kind for each side; making RSA keys takes time.
declare -A hit=()
for n in alice bob; do
	for algorithm in "${algorithms[@]}"; do
		HIP_ALGORITHM=$algorithm hip_identity "$n-$algorithm" ||
			fail "keygen $algorithm"
		hit[$n-$algorithm]=${HIP_HIT[$n-$algorithm]}
	done
done

while read -r a b group cipher suite; do
	cp -p "$HIP_DIR/alice-$a/identity.pem" "$HIP_DIR/alice/"
	cp -p "$HIP_DIR/bob-$b/identity.pem" "$HIP_DIR/bob/"
	HIP_HIT[alice]=${hit[alice-$a]} HIP_HIT[bob]=${hit[bob-$b]}
	HIP_PEERS=([alice]='' [bob]='')
	hip_meet alice bob
	for n in alice bob; do
		hip_set "$n" "dh = { $group }" "cipher = { $cipher }" "esp = { $suite }"
	done
	hip_up alice bob
	check "$a to $b, group $group, cipher $cipher, suite $suite: 100 of 100" \
		hip_pings_all alice bob 100
	equal "  suite" "$suite" "$(hip_json alice '.associations[0].esp_suite' peers)"
	check "  and ends" hip_stop alice bob
	rm -rf "$HIP_DIR"/{alice,bob}/state
done < <($rows)
hip_end
