#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# Who leaves an overlay has no name there soon after hipline leave: not when
# it is another one or stopped right after, not when it had the authority; and
# who keeps the names may be out of reach.
# Budget: 60 s, long 60 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

joined() { [ "$(hip_json "$1" .joined overlay)" = true ]; }
finds() { [ "$(hip_json "$1" '.hits[0].hit' resolve "$2@example.com")" = "${HIP_HIT[$3]}" ]; }
# gone FROM NAME: it is denied, and the overlay answers.
gone() { hip "$1" resolve "$2@example.com" >/dev/null 2>&1; [ $? -eq 4 ]; }
invited() { hip "${authority:-a}" invite "$1@example.com" 2>/dev/null; }

hip_init
for n in a b c d; do hip_host $n; done
hip_up a b c d
check 'a creates it' hip a create example.com --name alice@example.com
for n in b c d; do
	check "$n joins" hip $n join "$(invited $n)"
done
for n in a b c d; do check "$n is in the ring" until_true 40 joined $n; done
check 'c finds b' until_true 20 finds c b b
check 'c finds d' until_true 20 finds c d d
check 'd finds a' until_true 20 finds d alice a

# --- and is another one right after
token=$(invited bert)
check 'b leaves, and is bert at once' eval 'hip b leave && hip b join "$token"'
check '  whom c finds' until_true 20 finds c bert b
check '  and b no more' until_true 10 gone c b
check '  nor does a' until_true 10 gone a b

# --- and is stopped right after
check 'd leaves, and is stopped at once' eval 'hip d leave && hip_stop d'
check '  c finds it no more' until_true 10 gone c d

# --- two at once; and one that is not waited for
(hip b leave >"$HIP_DIR/said.1" 2>&1; echo $? >"$HIP_DIR/rc.1") & one=$!
(hip b leave >"$HIP_DIR/said.2" 2>&1; echo $? >"$HIP_DIR/rc.2") & two=$!
wait $one $two
equal 'of two at once one leaves' '0 1' "$(sort "$HIP_DIR"/rc.[12] | xargs)"
check '  and c finds it no more' until_true 10 gone c bert
check 'b joins again' hip b join "$(invited beth)"
check '  and is found' until_true 20 finds c beth b

# --- who had the authority, and takes it up again as somebody else
check 'a leaves' hip a leave
check '  and c finds it no more' until_true 10 gone c alice
check 'it takes its authority up again' hip a create example.com --name zoe@example.com
check '  as which c finds it' until_true 40 finds c zoe a
check '  and not as before' gone c alice

# --- those who keep its name are out of reach
nl_impair b eth0 loss=100
since=$EPOCHSECONDS
check 'b leaves while nothing reaches it' hip b leave
between '  within so many seconds' 0 18 $((EPOCHSECONDS - since))
check '  and is a member no more' test ! -e "$HIP_DIR/b/state/membership.json"
nl_impair b eth0
hip_end
