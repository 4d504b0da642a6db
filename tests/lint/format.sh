#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# .clang-format decides, nobody argues. Other versions than 14 lay out some
# lines differently, so only 14 is asked; skipped where it is not installed.
#
# format.sh [TOP]: the source tree; default $srcdir.
set -u
cd "${1:-${srcdir:-.}}" || exit 1
tool=
for t in clang-format-14 clang-format; do
	if "$t" --version 2>/dev/null | grep -q 'version 14\.'; then
		tool=$t
		break
	fi
done
[ -n "$tool" ] || { echo "format: clang-format 14 is not installed"; exit 77; }

folders=()
for d in cli daemon resolver tun tests bench; do
	[ -d "$d" ] && folders+=("$d")
done
mapfile -t files < <(find "${folders[@]}" -name '*.[ch]' | sort)
[ ${#files[@]} -gt 0 ] || { echo "format: no source under $PWD"; exit 1; }
"$tool" --style=file --dry-run -Werror "${files[@]}" || exit 1
echo "format: ${#files[@]} files as .clang-format has them"
