#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Files up to 600 lines (those of tests may be longer), functions up to 70.
# Where more is better, a comment says why after the words "Long on purpose:",
# above the function, or among the first 15 lines of the file.
#
# size.sh [TOP]: the source tree; default $srcdir.
set -u
cd "${1:-${srcdir:-.}}" || exit 1

folders=()
for d in cli daemon resolver tun tests bench; do
	[ -d "$d" ] && folders+=("$d")
done
mapfile -t files < <(find "${folders[@]}" -name '*.[ch]' | sort)
[ ${#files[@]} -gt 0 ] || { echo "size: no source under $PWD"; exit 1; }

awk '
	function end_of_file() {
		if (lines > 600 && !excused_file && name !~ /^(tests|bench)\//) {
			printf "%s: %d lines, over 600\n", name, lines
			wrong = 1
		}
	}
	FNR == 1 {
		if (name != "") end_of_file()
		name = FILENAME; excused_file = 0; excuse = 0; body = 0
	}
	{ lines = FNR }
	/Long on purpose:/ { excuse = FNR; if (FNR <= 15) excused_file = 1 }
	/^\{/ { body = FNR; next }
	/^\}/ && body {
		if (FNR - body - 1 > 70 && !(excuse && body - excuse <= 12)) {
			printf "%s:%d: a function of %d lines, over 70\n",
				name, body, FNR - body - 1
			wrong = 1
		}
		functions++; body = 0
	}
	END {
		end_of_file()
		printf "size: %d functions in %d files\n", functions, ARGC - 1
		exit wrong
	}' "${files[@]}"
