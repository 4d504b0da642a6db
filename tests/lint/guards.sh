#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Every header has a guard, and no two have the same one: whoever includes both
# would get only the first.
#
# guards.sh [TOP]: the source tree; default $srcdir.
set -u
cd "${1:-${srcdir:-.}}" || exit 1
folders=()
for d in cli daemon resolver tun tests bench; do
	[ -d "$d" ] && folders+=("$d")
done
n=0 wrong=0
declare -A file_of=()
while read -r f; do
	n=$((n + 1))
	guard=$(grep -m 1 '^#' "$f" | sed -n 's/^#ifndef \([A-Z0-9_]*_H\)$/\1/p')
	if [ -z "$guard" ] || ! grep -m 2 '^#' "$f" | grep -qx "#define $guard"; then
		echo "$f: no guard"
		wrong=$((wrong + 1))
	elif [ -n "${file_of[$guard]:-}" ]; then
		echo "$f: the guard of ${file_of[$guard]}, $guard"
		wrong=$((wrong + 1))
	else
		file_of[$guard]=$f
	fi
done < <(find "${folders[@]}" -type f -name '*.h' | sort)
[ "$n" -gt 0 ] || { echo "guards: no header under $PWD"; exit 1; }
echo "guards: $n headers, $wrong without a guard of their own"
[ "$wrong" -eq 0 ]
