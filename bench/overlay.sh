#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# overlay.sh [OUT.svg]: in a build directory; simulates rings of 100 to $NODES
# (10000) nodes, and one of 1,000 whose nodes stay for 120 minutes down to 4,
# and draws hops and success (docs/overlay.svg). Takes some minutes; 100000
# nodes take a quarter of an hour.
set -u

out=${1:-overlay.svg}
most=${NODES:-10000}
sim=tests/sim/overlay
[ -x $sim ] || { echo "overlay.sh: make $sim first"; exit 1; }
data=$(mktemp) || exit
trap 'rm -f "$data"' EXIT

# simulate LABEL X OPTION...: one line of data.
simulate() {
	local label=$1 x=$2
	shift 2
	$sim "$@" --fast 2>/dev/null | awk -v label="$label" -v x="$x" '
		/^hops:/ { mean = $3; p99 = $5 }
		/^lookups:/ { right = $4 }
		END { print label, x, mean, p99, right }' | tee -a "$data"
}
for n in 100 300 1000 3000 10000 30000 100000; do
	[ "$n" -gt "$most" ] ||
		simulate size "$n" --nodes "$n" --names 1000 --minutes 1
done
for m in 120 60 30 15 8 4; do
	simulate churn "$m" --nodes 1000 --churn "$m" --minutes 20
done

awk '
	function log10(v) { return log(v) / log(10) }
	function text(x, y, s) {
		printf "<text x=\"%.0f\" y=\"%.0f\">%s</text>\n", x, y, s
	}
	function line(x, y, X, Y) {
		printf "<line x1=\"%.0f\" y1=\"%.0f\" x2=\"%.0f\" y2=\"%.0f\" " \
			"stroke=\"#999\"/>\n", x, y, X, Y
	}
	function points(list, colour) {
		printf "<polyline fill=\"none\" stroke-width=\"2\" " \
			"stroke=\"%s\" points=\"%s\"/>\n", colour, list
	}
	$1 == "size" {
		x = 60 + (log10($2) - 2) * 100
		mean = mean sprintf("%.0f,%.0f ", x, 260 - $3 * 16)
		p99 = p99 sprintf("%.0f,%.0f ", x, 260 - $4 * 16)
		names[$2] = x
	}
	$1 == "churn" {
		x = 480 + (log10($2) - log10(4)) * 160
		right = right sprintf("%.0f,%.0f ", x, 260 - ($5 - 95) * 40)
		stay[$2] = x
	}
	END {
		print "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"760\" " \
			"height=\"320\" font-family=\"sans-serif\" font-size=\"12\">"
		print "<rect width=\"760\" height=\"320\" fill=\"#fff\"/>"
		text(60, 24, "hops of a lookup: mean (blue), 99 % (red)")
		for (i = 0; i <= 14; i += 2) {
			line(60, 260 - i * 16, 380, 260 - i * 16)
			text(36, 264 - i * 16, i)
		}
		for (n in names)
			text(names[n] - 14, 280, n)
		text(180, 305, "nodes")
		points(mean, "#06c")
		points(p99, "#c30")
		text(480, 24, "right answers in % of 1,000 nodes that come and go")
		for (i = 0; i <= 5; i++) {
			line(480, 260 - i * 40, 730, 260 - i * 40)
			text(440, 264 - i * 40, 95 + i)
		}
		for (m in stay)
			text(stay[m] - 8, 280, m)
		text(530, 305, "minutes that a node stays on average")
		points(right, "#06c")
		print "</svg>"
	}' "$data" >"$out"
