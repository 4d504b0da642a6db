# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# What demo and check share: a copy of the source to build from, so that a
# build by root leaves nothing in the tree of the user who called sudo.

# source_copy TOP TO: the source without what configure and make put there,
# with configure made where it is not. Works in a clone, in what git archive
# wrote, and in a release.
source_copy() {
	mkdir -p "$2" &&
	tar -C "$1" --exclude=./.git --exclude='./build*' \
		--exclude='./autom4te.cache' --exclude='./config.status' \
		--exclude=./config.h --exclude=./stamp-h1 --exclude=./Makefile \
		--exclude='*.o' --exclude='*.a' --exclude=.deps -cf - . |
		tar -C "$2" --no-same-owner -xf - || return
	# A release brings its configure; a clone has a .gitignore, and may have
	# the configure of an older one.
	if [ ! -x "$2/configure" ] || [ -e "$2/.gitignore" ]; then
		(cd "$2" && autoreconf -i)
	fi
}
