# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# shellcheck disable=SC1007,SC2034,SC2154 # variables of peers.sh
# strongSwan with kernel-libipsec: ESP in UDP through a TUN, in userspace;
# IKEv2 with a pre-shared key, AES-128-GCM.  Runs chrooted where ROOT is set.
up() {
	local n l r ti tr w cr=
	[ -n "$ROOT" ] && cr="chroot $ROOT"
	for n in b a; do
		w=$ROOT$WORK/ss-$n; mkdir -p "$w" "$ROOT/var/run"
		if [ $n = a ]; then l=$A4 r=$B4 ti=$TA4 tr=$TB4; else l=$B4 r=$A4 ti=$TB4 tr=$TA4; fi
		cat >"$w/strongswan.conf" <<-E
		charon-systemd {
		  load = random nonce aes sha1 sha2 hmac kdf gcm openssl curve25519 pem pkcs1 vici kernel-libipsec kernel-netlink socket-default updown
		  install_virtual_ip = no
		  port = 500
		  port_nat_t = 4500
		  plugins { vici { socket = unix://$WORK/ss-$n/vici } kernel-libipsec { allow_peer_ts = no } }
		  filelog { x { path = $WORK/ss-$n/log
		    default = 0
		    ike = 1 } }
		}
		swanctl { load = random nonce aes sha1 sha2 hmac pem pkcs1 openssl vici
		  socket = unix://$WORK/ss-$n/vici }
		E
		cat >"$w/swanctl.conf" <<-E
		connections { pv { version = 2
		  local_addrs = $l
		  remote_addrs = $r
		  encap = yes
		  proposals = aes128gcm16-prfsha256-x25519
		  local { auth = psk
		    id = $n }
		  remote { auth = psk
		    id = $([ $n = a ] && echo b || echo a) }
		  children { c { local_ts = $ti/32
		    remote_ts = $tr/32
		    esp_proposals = aes128gcm16 } } } }
		secrets { ike-1 { secret = "not a real secret" } }
		E
		in_ns $n ip addr add $ti/32 dev lo
		[ $n = a ] && mark
		spawn $n env STRONGSWAN_CONF=$WORK/ss-$n/strongswan.conf $cr /usr/sbin/charon-systemd
		wait_for test -S "$w/vici"
		in_ns $n env STRONGSWAN_CONF=$WORK/ss-$n/strongswan.conf $cr swanctl --load-all --file $WORK/ss-$n/swanctl.conf --uri unix://$WORK/ss-$n/vici >>"$WORK/$n.log" 2>&1
		in_ns $n ip link set ipsec0 mtu $MTU
	done
	in_ns a env STRONGSWAN_CONF=$WORK/ss-a/strongswan.conf $cr swanctl --initiate --child c --uri unix://$WORK/ss-a/vici >>"$WORK/a.log" 2>&1 ||
	    { cat "$ROOT$WORK"/ss-?/log >>"$WORK/a.log"; return 1; }
	TARGET=$TB4
}
down() { [ -n "$ROOT" ] && rm -rf "$ROOT$WORK/ss-a" "$ROOT$WORK/ss-b" "$ROOT$WORK"/ss-*; return 0; }
