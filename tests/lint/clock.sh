#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Nothing waits by the wall clock, which may be set back: libev's ev_now and
# ev_time are that clock. daemon/base/clock.h has the other one.
#
# clock.sh [TOP]: the source tree; default $srcdir.
set -u
cd "${1:-${srcdir:-.}}" || exit 1
folders=()
for d in cli daemon resolver tun; do
	[ -d "$d" ] && folders+=("$d")
done
[ ${#folders[@]} -gt 0 ] || { echo "clock: no source under $PWD"; exit 1; }
found=$(grep -rnE --include='*.[ch]' '\b(ev_now|ev_time) *\(' "${folders[@]}")
[ -z "$found" ] && { echo "clock: none waits by the wall clock"; exit 0; }
echo "$found"
exit 1
