#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# TCP carries 200 MB intact from one HIT to the other, and 20 MB back at the
# same time; nothing but UDP 10500 on the wire.
# Budget: 60 s, long 300 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

mb=200
[ "${HIP_LONG:-0}" = 0 ] || mb=2000

hip_init
hip_host alice; hip_host bob
hip_meet alice bob
hip_up alice bob
hip_capture_wire wire alice -s 96 "not ($HIP_OURS)"
start=$(now_ms)
hip_stream bob alice 5002 20 & back=$!
hip_stream alice bob 5001 $mb
took=$(($(now_ms) - start))
wait $back
hip_captured wire
equal "alice to bob, $mb MB" "$(cat "$HIP_DIR/5001.out")" "$(cat "$HIP_DIR/5001.in")"
equal "bob to alice, 20 MB" "$(cat "$HIP_DIR/5002.out")" "$(cat "$HIP_DIR/5002.in")"
equal "nothing else on the wire" 0 "$(hip_count wire "not ($HIP_NEIGHBOURS)")"
bytes=$(hip_json bob '.associations[0].bytes_in' peers)
between "bytes that bob counts" $((mb * 1048576)) $((mb * 1400000)) "$bytes"
echo "     $((mb * 8000 / took)) Mbit/s"
check "ends" hip_stop alice bob
hip_end
