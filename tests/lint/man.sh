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
# The codes of warnings: in a call, in a constant, or in a table of files. Those
# of the page and those of the source are the same.
source=$(cat daemon/*.c | tr -s '\n\t' '  ')
source_codes() {
	{
		grep -oE '(warnings_add|append_warning)\([^";]*"[a-z0-9-]+"' <<<"$source"
		grep -oE 'char ([a-z]+_)?code\[\] = "[a-z0-9-]+"' <<<"$source"
		grep -oE '\{ "[a-z0-9-]+-broken"' <<<"$source"
	} | sed 's/[^"]*"\(.*\)"/\1/' | sort -u
}
# Calls of which the code is neither written there nor in such a constant.
odd_calls() {
	grep -oE '(warnings_add|append_warning)\( ?[^",;]*, [^,;]*,' <<<"$source" |
		grep -vE ', ("[a-z0-9-]+"|.*code),$'
}
page_codes() {
	sed -n '/^\.Sh WARNINGS/,/^\.Sh FILES/s/^\.It Cm \([a-z0-9-]*\)$/\1/p' \
		docs/hiplined.8.in | sort -u
}
warnings=$(source_codes | wc -l)
while read -r code; do
	echo "man: hiplined.8 lacks the warning $code"; wrong=1
done < <(comm -23 <(source_codes) <(page_codes))
while read -r code; do
	echo "man: hiplined.8 has $code, which is no warning"; wrong=1
done < <(comm -13 <(source_codes) <(page_codes))
while read -r call; do
	echo "man: which warning is $call"; wrong=1
done < <(odd_calls)
[ "$warnings" -gt 30 ] || { echo "man: only $warnings warnings"; wrong=1; }
echo "man: ${#pages[@]} pages, $commands commands, $keys settings, $warnings warnings"
exit $wrong
