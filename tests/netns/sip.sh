# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# sip.sh - unmodified softphones (baresip), without sound devices. Source it
# after hip.sh or netlab.sh.
#
# Each phone plays a sine tone of its own into the call and records what it
# hears, so that a call proves itself twice: RTP packets each way on hip0, and
# the other side's tone in the recording. The three lines that a phone needs
# for calls over HITs: net_interface, sip_listen, and an account.

# RTP has the even ports of this range, RTCP the odd ones.
# shellcheck disable=SC2034  # for the caller
SIP_RTP='ip6[6] = 17 and ip6[40:2] >= 16384 and ip6[40:2] <= 16484 and ip6[40:2] & 1 = 0'
declare -A SIP_PID=()

# sip_phone NODE DIR USER ADDRESS HERTZ: its files, in DIR.
sip_phone() {
	local dir=$2
	mkdir -p "$dir"
	cat >"$dir/config" <<-CONFIG
	net_interface hip0
	sip_listen [::]:5060
	dns_server 127.0.0.1:53
	poll_method epoll
	rtp_ports 16384-16484
	audio_source ausine,$5
	audio_player aubridge,nowhere
	audio_alert aubridge,nowhere
	ausrc_srate 48000
	ausrc_channels 2
	auplay_srate 8000
	snd_path $dir
	module_path $(sip_modules)
	module g711.so
	module ausine.so
	module aubridge.so
	module sndfile.so
	module_tmp account.so
	module_app menu.so
	module_app contact.so
	CONFIG
	echo "<sip:$3@[$4]>;regint=0;answermode=auto;audio_codecs=pcmu" >"$dir/accounts"
	: >"$dir/contacts"
}

# sip_modules: where baresip's modules are.
sip_modules() {
	local d
	for d in /usr/lib/baresip/modules /usr/lib64/baresip/modules \
		/usr/lib/*/baresip/modules /usr/local/lib/baresip/modules; do
		[ ! -d "$d" ] || { echo "$d"; return; }
	done
}

# sip_start NODE DIR [ARG...]: the phone runs; its output in DIR/log.
sip_start() {
	local node=$1 dir=$2; shift 2
	nl_bg "$node" "$dir/log" baresip -f "$dir" "$@"
	SIP_PID[$node]=$NL_PID
}

# sip_ready NODE: it listens.
sip_listens() { nl_in "$1" ss -Hlnu 'sport = :5060' | grep -q .; }

# sip_call NODE DIR URI: the phone starts and dials.
sip_call() { sip_start "$1" "$2" -e "/dial $3"; }

# sip_established DIR: does the phone say so?
sip_established() { grep -aq 'Call established' "$1/log"; }

# sip_stop NODE: it hangs up (BYE) and ends.
sip_stop() {
	kill "${SIP_PID[$1]}" 2>/dev/null
	wait "${SIP_PID[$1]}" 2>/dev/null
	unset "SIP_PID[$1]"
}

# sip_heard DIR: the tone in the recording, in Hertz: how often per second the
# wave rises through zero; 0 for silence. Head and tail of it are left out.
sip_heard() {
	local f
	for f in "$1"/dump-*-dec.wav; do
		[ -f "$f" ] || { echo 0; return; }
		od -An -td2 -v -w2 -j44 "$f"
	done | awk '
		{ v[NR] = $1 }
		END {
			if (NR < 16000) { print 0; exit }
			for (i = 4001; i <= NR - 4000; i++) {
				if (v[i - 1] < 0 && v[i] >= 0) rises++
				if (v[i] > loud) loud = v[i]
			}
			printf "%.0f\n", loud < 1000 ? 0 : rises * 8000 / (NR - 8000)
		}'
}
