#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Every source file and script says its licence among its first 3 lines.
#
# spdx.sh [TOP]: the source tree; default $srcdir.
set -u
cd "${1:-${srcdir:-.}}" || exit 1
line='SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0'
folders=()
for d in cli daemon resolver tun tests bench packaging .ci; do
	[ -d "$d" ] && folders+=("$d")
done
n=0 wrong=0
while read -r f; do
	case $f in
	*.c | *.h | *.sh) ;;
	*) [ "$(head -c 2 "$f" | tr -d '\0')" = '#!' ] || continue ;;
	esac
	n=$((n + 1))
	if ! head -n 3 "$f" | grep -qF "$line"; then
		echo "$f: no licence line"
		wrong=$((wrong + 1))
	fi
done < <(find "${folders[@]}" -type f ! -path '*/corpus/*' \
	! -path '*/vectors/*' ! -name '*.o' | sort)
[ "$n" -gt 0 ] || { echo "spdx: no source under $PWD"; exit 1; }
echo "spdx: $n files, $wrong without the licence line"
[ "$wrong" -eq 0 ]
