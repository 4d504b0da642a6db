#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# The protocol libraries do no I/O: fails when one of them refers to a socket,
# a file, the clock, randomness, stdio, syslog, a thread or libev. Text into
# memory (snprintf) is no I/O. OpenSSL's own RAND inside key generation and
# signatures is not seen here, and is allowed.
#
# pure.sh [LIBRARY...]: default the libraries of the build directory.
set -u
[ $# -gt 0 ] || set -- libhip.a libtun.a
[ ! -f libpki.a ] || set -- "$@" libpki.a
[ ! -f libresolver.a ] || set -- "$@" libresolver.a

denied='^(
socket|socketpair|bind|listen|accept|accept4|connect|shutdown|
send|sendto|sendmsg|sendmmsg|recv|recvfrom|recvmsg|recvmmsg|
[gs]etsockopt|getsockname|getpeername|getaddrinfo|gethostbyname.*|if_nametoindex|
poll|ppoll|select|pselect|epoll_.*|eventfd|timerfd_.*|signalfd|
time|clock|clock_.*|gettimeofday|nanosleep|usleep|sleep|localtime.*|gmtime.*|
timer_.*|alarm|setitimer|
getrandom|getentropy|arc4random.*|rand|rand_r|srand|random|srandom|
[dejlmn]rand48.*|randombytes.*|RAND_.*|
open|open64|openat|openat64|creat|read|readv|pread.*|write|writev|pwrite.*|
close|fsync|rename|unlink|stat|fstat|lstat|ioctl|fcntl|fcntl64|mmap|mmap64|
fopen|fopen64|fdopen|fclose|fread|fwrite|fflush|fgets|fgetc|getc|getline|
fputs|fputc|putc|puts|putchar|perror|printf|fprintf|vprintf|vfprintf|dprintf|
vdprintf|scanf|fscanf|stdin|stdout|stderr|
syslog|vsyslog|openlog|closelog|
fork|vfork|exec.*|posix_spawn.*|system|popen|kill|getpid|getenv|secure_getenv|
pthread_create|ev_.*
)$'
denied=${denied//$'\n'/}
wrong=0
for lib in "$@"; do
	[ -f "$lib" ] || { echo "pure: $lib is not here"; exit 1; }
	# Fortified names are those of the functions behind them.
	bad=$("${NM:-nm}" -u "$lib" 2>/dev/null | awk '
		/:$/ { object = $1; next }
		$1 == "U" || $1 == "w" {
			name = $2; sub(/@.*/, "", name)
			plain = name
			if (sub(/_chk$/, "", plain)) sub(/^__/, "", plain)
			sub(/^__isoc99_/, "", plain)
			print object, plain
		}' | sort -u | grep -E "^[^ ]+ ${denied#^}")
	# A library without objects would be pure for a poor reason.
	[ -n "$(ar t "$lib")" ] || { echo "pure: $lib is empty"; wrong=1; }
	if [ -n "$bad" ]; then
		sed "s|^|pure: $lib: |; s|: \([^ ]*\): |(\1) refers to |" <<<"$bad"
		wrong=1
	else
		echo "pure: $lib does no I/O"
	fi
done
exit $wrong
