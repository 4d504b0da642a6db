#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# A peer whose locator is a host name that nobody knows at first: it cannot be
# reached, and is once the name stands in /etc/hosts. Such a name is answered
# while it is asked for.
# Budget: 60 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

hip_init
hip_host alice; hip_host bob
hip_etc alice
echo "127.0.0.1 localhost" >"$HIP_ETC/hosts"
echo "nameserver 127.0.0.1" >"$HIP_ETC/resolv.conf" # nobody listens there
hip_knows alice bob bob.example:10500
hip_knows bob alice
hip_up alice bob
check 'the name is not found' until_true 20 grep -q bob.example "$HIP_DIR/alice/log"
check 'without an address nothing is answered' eval '! hip_ping alice bob -c 1 -W 1'
echo "${NL_IP[bob.eth0]} bob.example" >>"$HIP_ETC/hosts"
# A name is asked for again 5 s after the last time at the earliest, when the
# association fails that needs it.
sleep 5
hip_ping alice bob -c 1 -W 1 >/dev/null 2>&1
check 'the daemon is still there' kill -0 "${HIP_PID[alice]}"
check 'with the address bob answers' until_true 10 hip_ping alice bob -c 1 -W 2
hip_end
