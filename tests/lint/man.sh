#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# The manual pages are well-formed and leave no command and no setting out.
# Their form is asked of mandoc, else of man-db, else of nobody.
#
# man.sh [TOP]: the source tree; default $srcdir.
set -u
build=$PWD
cd "${1:-${srcdir:-.}}" || exit 1
wrong=0
pages=(docs/*.in)

if command -v mandoc >/dev/null; then
	mandoc -T lint -W warning "${pages[@]}" || wrong=1
elif command -v man >/dev/null && man --help | grep -q -- --warnings; then
	for page in "${pages[@]}"; do
		said=$(man --warnings -l "$page" 2>&1 >/dev/null)
		[ -z "$said" ] || { echo "$page: $said"; wrong=1; }
	done
else
	echo "man: neither mandoc nor man-db is installed"
fi

commands=0
while read -r name; do
	commands=$((commands + 1))
	for f in docs/hipline.1.in packaging/completion/hipline; do
		grep -qw -- "$name" "$f" ||
			{ echo "man: $f lacks the command $name"; wrong=1; }
	done
	grep -q "^\.It Cm $name\b" docs/hipline.1.in ||
		{ echo "man: no entry for the command $name"; wrong=1; }
done < <("$build/hipline" --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p')
[ $commands -gt 0 ] || { echo "man: no commands"; wrong=1; }

# What help tells of a command is what the shell completes: its options, and
# the words behind it.
# shellcheck source=/dev/null
. packaging/completion/hipline
# completes COMMAND WORD: whether WORD is offered behind COMMAND.
completes() {
	COMP_WORDS=(hipline "$1" "$2") COMP_CWORD=2
	_hipline hipline "$2" "$1"
	[[ " ${COMPREPLY[*]} " == *" $2 "* ]]
}
words=0
while read -r name; do
	usage=$("$build/hipline" help "$name" | sed -n '1s/: .*//p')
	for word in $(grep -oE -- '--[a-z]+|\b(add|remove|list|export|import|all)\b' \
		<<<"$usage" | sort -u); do
		words=$((words + 1))
		completes "$name" "$word" ||
			{ echo "man: $word of $name is not completed"; wrong=1; }
	done
done < <("$build/hipline" --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p')
[ $words -gt 9 ] || { echo "man: no words to complete"; wrong=1; }

keys=0
while read -r key; do
	keys=$((keys + 1))
	grep -q "Cm.*\b$key\b" docs/hipline.conf.5.in ||
		{ echo "man: hipline.conf.5 lacks the setting $key"; wrong=1; }
done < <(sed -n 's/^	{ "\([a-z0-9_]*\)", CONFIG_.*/\1/p' daemon/config_keys.c)
[ $keys -gt 0 ] || { echo "man: no settings"; wrong=1; }
warnings=0
while read -r code; do
	warnings=$((warnings + 1))
	grep -q "^\.It Cm $code$" docs/hiplined.8.in ||
		{ echo "man: hiplined.8 lacks the warning $code"; wrong=1; }
done < <(grep -ohE 'warnings_add\([^"]*"[a-z0-9-]+"' daemon/*.c |
	sed 's/.*"\(.*\)"/\1/' | sort -u)
[ $warnings -gt 0 ] || { echo "man: no warnings"; wrong=1; }
echo "man: ${#pages[@]} pages, $commands commands, $keys settings, $warnings warnings"
exit $wrong
