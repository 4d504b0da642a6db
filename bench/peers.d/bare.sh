# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# shellcheck disable=SC1007,SC2034,SC2154 # variables of peers.sh
# The veth pair itself; "bare:nooff" with its segmentation offloads off.
up() {
	TARGET=$B4
	if [ "${1-}" = nooff ]; then
		in_ns a ethtool -K pva0 tso off gso off gro off tx-udp-segmentation off >/dev/null 2>&1
		in_ns b ethtool -K pvb0 tso off gso off gro off tx-udp-segmentation off >/dev/null 2>&1
	fi
	in_ns a ip link set pva0 mtu $MTU; in_ns b ip link set pvb0 mtu $MTU
}
