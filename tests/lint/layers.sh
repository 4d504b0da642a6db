#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# The layers have one direction: fails on an #include against it.
#
#   tests ─▶ everything
#   cli ─▶ daemon/base          (cli/key.c makes identities: hip/identity, hit)
#   resolver ─▶ daemon/pki, daemon/hip (identity, signatures), daemon/base
#   daemon ─▶ daemon/pki, daemon/hip, daemon/base, tun
#   daemon/pki ─▶ daemon/hip, daemon/base
#   daemon/hip ─▶ daemon/base
#   tun ─▶ nothing of ours
#
# layers.sh [TOP]: the source tree; default $srcdir.
set -u
cd "${1:-${srcdir:-.}}" || exit 1

# may FILE INCLUDE: is this include along an arrow?
may() {
	case $1 in
	tests/* | bench/*) return 0 ;;
	esac
	case $2 in
	config.h) return 0 ;; # what configure found
	esac
	case $1 in
	daemon/base/*) [[ $2 == daemon/base/* ]] ;;
	daemon/hip/*) [[ $2 == daemon/hip/* || $2 == daemon/base/* ]] ;;
	daemon/pki/*)
		[[ $2 == daemon/pki/* || $2 == daemon/base/* ||
			$2 =~ ^daemon/hip/(identity|hi_public|hit|suite)\.h$ ]] ;;
	daemon/*) [[ $2 == daemon/* || $2 == tun/* ]] ;;
	tun/*) [[ $2 == tun/* ]] ;;
	resolver/*)
		[[ $2 == resolver/* || $2 == daemon/base/* || $2 == daemon/pki/* ||
			$2 =~ ^daemon/hip/(identity|hit|suite)\.h$ ]] ;;
	cli/key.c)
		[[ $2 == cli/* || $2 == daemon/base/* ||
			$2 =~ ^daemon/hip/(identity|hit)\.h$ ]] ;;
	cli/*) [[ $2 == cli/* || $2 == daemon/base/* ]] ;;
	*) return 1 ;;
	esac
}

folders=()
for d in cli daemon resolver tun tests bench; do
	[ -d "$d" ] && folders+=("$d")
done
seen=0 wrong=0
while IFS=: read -r file line text; do
	seen=$((seen + 1))
	[[ $text =~ \"([^\"]*)\" ]] || continue
	included=${BASH_REMATCH[1]}
	case $file in
	tests/* | bench/*) continue ;;
	esac
	if [[ $included == *..* ]] || ! may "$file" "$included"; then
		echo "$file:$line: \"$included\" is against the layers"
		wrong=$((wrong + 1))
	fi
done < <(grep -rnE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' \
	"${folders[@]}")
[ "$seen" -gt 0 ] || { echo "layers: no include found under $PWD"; exit 1; }
echo "layers: $seen includes, $wrong against the layers"
[ "$wrong" -eq 0 ]
