#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# The lint tests can fail: each passes a clean small tree, and fails when one
# thing is planted in it that it is there to find.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(mktemp -d) || exit 1
trap 'rm -rf "$top"' EXIT
licence='SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0'
failed=0

tree() {
	rm -rf "${top:?}"/*
	mkdir -p "$top"/{cli,daemon/{hip,pki,base},tun,resolver,tests}
	printf '/* %s */\n#include "daemon/base/b.h"\n\nint a;\n' "$licence" \
		>"$top/daemon/hip/a.c"
	printf '/* %s */\n#ifndef A_H\n#define A_H\nextern int a;\n#endif\n' \
		"$licence" >"$top/daemon/base/b.h"
	printf '#!/bin/bash\n# %s\necho "$1"\n' "$licence" >"$top/tests/t.sh"
	cp "$here/../../.clang-format" "$top/"
}

# passes/fails LINT: does it, on the tree as it is now?
passes() {
	local out rc
	out=$("$here/$1" "$top" 2>&1); rc=$?
	[ $rc -eq 0 ] || [ $rc -eq 77 ] ||
		{ failed=1; echo "FAIL $1 refuses a clean tree: $out"; }
}
fails() {
	local out rc
	out=$("$here/$1" "$top" 2>&1); rc=$?
	[ $rc -eq 77 ] && { echo "skip $1: $out"; return; }
	if [ $rc -eq 1 ]; then
		echo "ok   $1 finds: $2"
	else
		failed=1; echo "FAIL $1 does not find: $2"
	fi
}
add() { printf '%s\n' "$2" >>"$top/$1"; }
# A function of $1 lines in its body.
long() { echo "int f(void)"; echo "{"; for _ in $(seq "$1"); do echo "	;"; done; echo "}"; }

tree
for lint in clock.sh layers.sh size.sh format.sh guards.sh spdx.sh shell.sh; do passes $lint; done

tree; add tun/x.c '#include "daemon/base/b.h"'; fails layers.sh 'tun uses daemon/base'
tree; add daemon/base/x.c '#include "daemon/hip/host.h"'; fails layers.sh 'base uses hip'
tree; add daemon/hip/x.c '#include "tun/esp.h"'; fails layers.sh 'hip uses tun'
tree; add daemon/hip/x.c '#include "daemon/engine.h"'; fails layers.sh 'hip uses the engine'
tree; add daemon/hip/x.c '#  include "../engine.h"'; fails layers.sh 'a way around'
tree; add daemon/x.c '#include "cli/show.h"'; fails layers.sh 'daemon uses cli'
tree; add daemon/hip/x.c '#include "daemon/pki/token.h"'; fails layers.sh 'hip uses pki'
tree; add daemon/pki/x.c '#include "resolver/message.h"'; fails layers.sh 'pki uses resolver'
tree; add daemon/pki/x.c '#include "daemon/engine.h"'; fails layers.sh 'pki uses the engine'
tree; add daemon/pki/x.c '#include "daemon/hip/identity.h"'; passes layers.sh
tree; add cli/show.c '#include "daemon/hip/identity.h"'; fails layers.sh 'cli/show uses hip'
tree; add cli/key.c '#include "daemon/hip/identity.h"'; passes layers.sh
tree; add cli/key.c '#include "daemon/hip/host.h"'; fails layers.sh 'cli/key uses host'
tree; add resolver/x.c '#include "daemon/hip/host.h"'; fails layers.sh 'resolver uses host'
tree; add resolver/x.c '#include "daemon/hip/identity.h"'; passes layers.sh

tree; add resolver/x.c '#include "daemon/pki/token.h"'; passes layers.sh

tree; long 70 >>"$top/tun/x.c"; passes size.sh
tree; long 71 >>"$top/tun/x.c"; fails size.sh 'a function of 71 lines'
tree; add tun/x.c '/* Long on purpose: a table. */'; long 71 >>"$top/tun/x.c"
add tun/x.c 'int y;'; passes size.sh
tree; seq -f 'int a%g;' 600 >"$top/tun/x.c"; passes size.sh
tree; seq -f 'int a%g;' 601 >"$top/tun/x.c"; fails size.sh 'a file of 601 lines'

tree; add resolver/x.c 'double f(void *l) { return ev_now(l); }'
fails clock.sh 'a wait by the wall clock'
tree; add resolver/x.c 'void f(void *l) { ev_now_update(l); }'; passes clock.sh

tree; add daemon/hip/a.c 'int   b ;'; fails format.sh 'odd spaces'
tree; cp "$top/daemon/base/b.h" "$top/tun/c.h"; fails guards.sh 'a guard twice'
tree; add tun/c.h 'extern int c;'; fails guards.sh 'a header without a guard'
tree; sed 's/define A_H/define B_H/' "$top/daemon/base/b.h" >"$top/tun/c.h"
fails guards.sh 'a guard that guards nothing'
tree; add tun/x.c 'int b;'; fails spdx.sh 'a source without licence'
# shellcheck disable=SC2016  # the fault is for shellcheck to find
tree; add tests/t.sh 'cd $1; rm -rf $nothing/*'; fails shell.sh 'an unchecked cd'

# pure.sh looks at libraries, so it gets some.
cc=${CC:-cc}
if command -v ${cc%% *} >/dev/null; then
	library() { # NAME, C text
		printf '%s\n' "$2" >"$top/$1.c"
		rm -f "$top/$1.a"
		$cc -O2 -D_FORTIFY_SOURCE=2 -w -c -o "$top/$1.o" "$top/$1.c" &&
			ar cr "$top/$1.a" "$top/$1.o"
	}
	pure() {
		out=$("$here/pure.sh" "$top/$1.a" 2>&1)
		case $? in
		"$2") echo "ok   pure.sh: $1" ;;
		*) failed=1; echo "FAIL pure.sh: $1: $out" ;;
		esac
	}
	library clean '#include <stdio.h>
		int f(char *b, int n) { return snprintf(b, 9, "%d", n); }'
	pure clean 0
	library clock '#include <time.h>
		long f(void) { return time(0); }'
	pure clock 1
	library socket '#include <sys/socket.h>
		int f(void) { return socket(1, 2, 3); }'
	pure socket 1
	library fortified '#include <unistd.h>
		int f(int n) { char b[8]; return read(0, b, n) + b[0]; }'
	pure fortified 1
	library stdio '#include <stdio.h>
		void f(int n) { fprintf(stderr, "%d", n); }'
	pure stdio 1
	library random 'int randombytes_uniform(int); int f(void)
		{ return randombytes_uniform(2); }'
	pure random 1
	library events 'void ev_run(void *); void f(void) { ev_run(0); }'
	pure events 1
else
	echo "skip pure.sh: no compiler"
fi
exit $failed
