#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# What the operator may get wrong: one clear line with cause and remedy, a
# status that is not 0, and nothing half-written.
# Budget: 60 s, long 60 s
set -u
# shellcheck source-path=SCRIPTDIR source=hip.sh
. "$(dirname "$0")/hip.sh"

# things: every file below the host's directory, with what says that it changed.
# The state directory and its lock hold nothing yet.
things() {
	find "$HIP_DIR/alice" -path '*/alice/state' -o -name lock -o -type d -printf '%P %m %U\n' -o \
		-printf '%P %y %s %m %U %T@\n' | sort
}

# refused WHAT PATTERN COMMAND...: in alice's namespace. PATTERN has cause
# and remedy.
refused() {
	local what=$1 pattern=$2 before after rc out=$HIP_DIR/refused; shift 2
	before=$(things)
	nl_in alice timeout 10 "$@" >"$out.out" 2>"$out"; rc=$?
	after=$(things)
	if [ $rc -eq 0 ] || [ $rc -ge 124 ]; then
		fail "$what: status $rc"
	elif [ "$(wc -l <"$out")" != 1 ]; then
		fail "$what: not one line:"; sed 's/^/     /' "$out"
	elif ! grep -qiE -- "$pattern" "$out"; then
		fail "$what: does not say /$pattern/: $(cat "$out")"
	elif [ -s "$out.out" ]; then
		fail "$what: on stdout: $(cat "$out.out")"
	elif [ "$before" != "$after" ]; then
		fail "$what: left something:"; diff <(echo "$before") <(echo "$after")
	elif ip -n "$NL_TAG-alice" link show hip0 >/dev/null 2>&1; then
		fail "$what: left hip0"
	else
		pass "$what: $(sed "s|$HIP_DIR/||g" "$out")"
	fi
}
daemon() { refused "$1" "$2" "$HIP_BUILD/hiplined" -c "$conf"; }

# wrong WHAT PATTERN KEY...: with these lines in the host section. Where the
# configuration itself is wrong, -t finds it too.
wrong() {
	local what=$1 pattern=$2; shift 2
	hip_set alice "$@"
	hip_configure alice
	daemon "$what" "$pattern"
}
wrong_text() {
	wrong "$@"
	refused "$1 (-t)" "$2" "$HIP_BUILD/hiplined" -t -c "$conf"
}

hip_init
hip_host alice; hip_host bob
conf=$HIP_DIR/alice/hipline.conf

# --- configuration: file and line
wrong_text "unknown key" "hipline.conf:[0-9]+: .*colour" 'colour = "blue"'
wrong_text "value out of range" "hipline.conf:[0-9]+: .*port" 'port = 70000'
wrong_text "unknown choice" "hipline.conf:[0-9]+: .*accept.*known" 'accept = "some"'
wrong_text "group nobody knows" "hipline.conf:[0-9]+: .*dh" 'dh = { 99 }'
wrong_text "an empty list" "hipline.conf:[0-9]+: .*esp" 'esp = { }'
wrong_text "not closed" "hipline.conf:[0-9]+: " 'interface = "hip0'
hip_set alice ''
peer="peer bob { hit = \"${HIP_HIT[bob]}\" locator = { \"192.0.2.1:10500\" } }"
HIP_PEERS[alice]="$peer
$peer"
wrong_text "the same peer twice" "hipline.conf:[0-9]+: .*bob"
HIP_PEERS[alice]='peer bob { hit = "2001:db8::1" }'
wrong_text "a HIT that is none" "hipline.conf:[0-9]+: .*hit"
HIP_PEERS[alice]="peer bob { hit = \"${HIP_HIT[bob]}\" locator = { \"192.0.2.1:x\" } }"
wrong_text "a locator that is none" "hipline.conf:[0-9]+: .*locator"
HIP_PEERS[alice]='names { publish = { example.com } }'
wrong_text "a name to publish that is none" "hipline.conf:[0-9]+: .*publish.*USER@DOMAIN"
HIP_PEERS[alice]='names { publish = { "bob@example.com", "BOB@example.com" } }'
wrong_text "the same name to publish twice" "hipline.conf:[0-9]+: .*twice"
HIP_PEERS[alice]=''
hip_set alice ''
hip_configure alice

# --- files
refused "no such file" "no-such.conf.*(no such file|not there|does not exist)" \
	"$HIP_BUILD/hiplined" -c "$HIP_DIR/alice/no-such.conf"
refused "a directory as file" "alice.*directory" \
	"$HIP_BUILD/hiplined" -c "$HIP_DIR/alice"
good=$HIP_DIR/good.pem
cp -p "$HIP_DIR/alice/identity.pem" "$good"
key=$HIP_DIR/alice/identity.pem
echo "no key" >"$key"
daemon "an identity that is no key" "identity.pem.*"
refused "an identity that is no key (-t)" "identity.pem.*" \
	"$HIP_BUILD/hiplined" -t -c "$conf"
head -c 100 "$good" >"$key"
daemon "an identity cut short" "identity.pem.*"
cp -p "$good" "$key"; chmod 644 "$key"
daemon "an identity that others can read" "identity.pem.*(chmod|others|0600)"
rm "$key"; mkdir "$key"
daemon "an identity that is a directory" "identity.pem.*directory"
rmdir "$key"; cp -p "$good" "$key"
if command -v openssl >/dev/null; then
	rm "$key"
	(umask 077; openssl genpkey -algorithm X25519 >"$key" 2>/dev/null)
	daemon "an identity of another kind" "identity.pem.*"
	rm "$key"; cp -p "$good" "$key"
fi
wrong_text "state in a file's place" "state.*" "state = \"$HIP_DIR/good.pem\""
rm "$key"
check "no identity: -t says that one will be made" eval \
	'nl_in alice "$HIP_BUILD/hiplined" -t -c "$conf" 2>&1 | grep -q "makes one when it starts, ecdsa-p256"'
check "and makes none" test ! -e "$key"
cp -p "$good" "$key"
check "and where the start makes its directory" eval \
	'echo "host { state = $HIP_DIR/new/state identity = $HIP_DIR/new/state/id.pem }" >"$HIP_DIR/new.conf" &&
	"$HIP_BUILD/hiplined" -t -c "$HIP_DIR/new.conf" 2>&1 | grep -q "makes one when it starts" && test ! -e "$HIP_DIR/new"'
grep -v hipline /etc/passwd >"$HIP_DIR/passwd"
# tells_users FILE: what -t says of users where there are none of ours.
tells_users() {
	# shellcheck disable=SC2016 # that shell's own
	unshare -m sh -c 'mount --bind "$1" /etc/passwd && exec "$2" -t -c "$3"' \
		- "$HIP_DIR/passwd" "$HIP_BUILD/hiplined" "$1" 2>&1 | grep 'no user'
}
echo "host { state = $HIP_DIR/new/state }" >"$HIP_DIR/new.conf"
check "users that are missing by default: -t does not blame the file" eval \
	'tells_users "$HIP_DIR/new.conf" | grep -q "^there is no user .*useradd.* in .*new.conf$"'
echo 'host { users = { hipline-a, hipline-b, hipline-c } }' >"$HIP_DIR/new.conf"
check "and of the file it says the line" eval \
	'tells_users "$HIP_DIR/new.conf" | grep -q "new.conf:1: there is no user hipline-a;"'
check "-t takes no file but by -c" eval \
	'"$HIP_BUILD/hiplined" -t "$conf" 2>"$HIP_DIR/said"; [ $? -eq 2 ] && grep -q "named with -c" "$HIP_DIR/said"'
wrong_text "no place for the identity" "no-such-dir/id.pem.*" \
	"identity = \"$HIP_DIR/alice/no-such-dir/id.pem\""

wrong_text "an address of another host" "bind.*(not one of this host|correct)" \
	'bind = { "192.0.2.77" }'
wrong_text "an interface that is not there" "nosuchif0.*bind" 'bind = { "nosuchif0" }'

# --- the system
hip_set alice ''; hip_configure alice
wrong "no such user" "nosuchuser.*(users|useradd|adduser|no such user)" \
	'users = { "nosuchuser", "nobody", "nobody" }'
refused "no such user (-t)" "hipline.conf:[0-9]+: .*nosuchuser.*useradd" \
	"$HIP_BUILD/hiplined" -t -c "$conf"
hip_set alice 'users = { "nobody", "nosuchuser", "nobody" }'
hip_configure alice
refused "no such user of the resolver (-t)" "hipline.conf:[0-9]+: .*nosuchuser" \
	"$HIP_BUILD/hiplined" -t -c "$conf"
hip_set alice ''; hip_configure alice
refused "no rights" "(root|CAP_|sudo|rights|permission|permitted)" \
	setpriv --reuid nobody --regid nogroup --clear-groups \
	"$HIP_BUILD/hiplined" -c "$conf"
refused "no TUN" "/dev/net/tun.*(modprobe|tun)" unshare -m \
	sh -c 'mount -t tmpfs none /dev/net && exec "$@"' - \
	"$HIP_BUILD/hiplined" -c "$conf"
refused "a file in the place of TUN" "tun: .*hip0.*" unshare -m \
	sh -c 'mount -t tmpfs none /dev/net && : >/dev/net/tun && exec "$@"' - \
	"$HIP_BUILD/hiplined" -c "$conf"
nl_bg alice /dev/null socat -u UDP4-RECV:10500 /dev/null
holder=$NL_PID
until_true 5 nl_in alice ss -Hlnu 'sport = :10500'
until_true 5 eval '[ -n "$(nl_in alice ss -Hlnu "sport = :10500")" ]'
daemon "the port is used" "10500.*(in use|used|port)"
kill "$holder"; wait "$holder" 2>/dev/null
hip_up alice
# The last thing that a start writes.
until_true 5 grep -q '^dns: ready' "$HIP_DIR/alice/log" || fail 'no DNS'
cp "$conf" "$HIP_DIR/alice/second.conf"
before=$(things)
nl_in alice timeout 10 "$HIP_BUILD/hiplined" -c "$HIP_DIR/alice/second.conf" \
	>"$HIP_DIR/second" 2>&1
between "a second daemon: status" 1 123 $?
equal "a second daemon: lines" 1 "$(wc -l <"$HIP_DIR/second")"
check "a second daemon: $(sed "s|$HIP_DIR/||g" "$HIP_DIR/second")" \
	grep -qi 'already running' "$HIP_DIR/second"
equal "a second daemon: changed" "" "$(diff <(echo "$before") <(things))"
check "the first one goes on" hip alice status
hip_stop alice >/dev/null
rm "$HIP_DIR/alice/second.conf"

# --- a full disk
mount -t tmpfs -o size=16k,mode=755 none "$HIP_DIR/alice/run"
mkdir "$HIP_DIR/alice/run/d"
head -c 16k /dev/zero >"$HIP_DIR/alice/run/d/full" 2>/dev/null
hip_set alice "identity = \"$HIP_DIR/alice/run/d/id.pem\"" \
	"control = \"$HIP_DIR/alice/control.sock\""
hip_configure alice
daemon "no space for the identity" "id.pem.*(space|full)"
equal "no key is left" "full" "$(ls -A "$HIP_DIR/alice/run/d")"
umount "$HIP_DIR/alice/run"
hip_end
