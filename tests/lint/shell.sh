#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Every script passes shellcheck; skipped where it is not installed. What the
# system tests source is read once, not for each of them: whether variables
# that they share are set is seen when they run (set -u).
#
# shell.sh [TOP]: the source tree; default $srcdir.
set -u
cd "${1:-${srcdir:-.}}" || exit 1
command -v shellcheck >/dev/null ||
	{ echo "shell: shellcheck is not installed"; exit 77; }
folders=()
for d in tests packaging .ci bench; do
	[ -d "$d" ] && folders+=("$d")
done
scripts=() system=()
while read -r f; do
	case $f in
	tests/netns/test_*.sh) system+=("$f") ;;
	*.sh) scripts+=("$f") ;;
	*.[cho] | *.am | *.md) ;;
	*) head -c 64 "$f" | head -n 1 | tr -d '\0' |
		grep -qE '^#!.*(/| )(ba)?sh( |$)' && scripts+=("$f") ;;
	esac
done < <(find "${folders[@]}" -type f ! -path '*/corpus/*' \
	! -path '*/vectors/*' | sort)
[ ${#scripts[@]} -gt 0 ] || { echo "shell: no script under $PWD"; exit 1; }
shellcheck --shell=bash --external-sources --source-path=SCRIPTDIR \
	--severity=warning "${scripts[@]}" || exit 1
[ ${#system[@]} -eq 0 ] ||
	shellcheck --shell=bash --severity=warning --exclude=SC2034,SC2154 \
		"${system[@]}" || exit 1
echo "shell: $((${#scripts[@]} + ${#system[@]})) scripts pass"
