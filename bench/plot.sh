#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
# plot.sh PEERS.csv [OUT.svg]: draws what bench/peers.sh wrote: a panel for
# each metric and a bar for each tunnel, the median of its rounds. Panels of
# times are in logarithmic scale. docs/performance.svg is made by it.
set -u

csv=${1:?usage: plot.sh PEERS.csv [OUT.svg]}
out=${2:-performance.svg}
[ -r "$csv" ] || { echo "plot.sh: $csv cannot be read"; exit 1; }

awk -F, '
	function median(t, m,    n, i, j, x, v) {
		n = count[t, m]
		for (i = 1; i <= n; i++) {
			x = value[t, m, i]
			for (j = i - 1; j > 0 && v[j] > x; j--)
				v[j + 1] = v[j]
			v[j + 1] = x
		}
		return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
	}
	function log10(v) { return log(v) / log(10) }
	function text(x, y, anchor, s) {
		printf "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"%s\">%s</text>\n",
			x, y, anchor, s
	}
	function colour(t) {
		return t ~ /^hip/ ? "#06c" : t ~ /^(bare|null)/ ? "#bbb" : "#c93"
	}
	# panel METRIC TITLE COLUMN ROW LOG
	function panel(m, title, column, row, is_log,    i, t, x, y, v, most, least, w) {
		x = 150 + column * 400
		y = 46 + row * (names * 18 + 56)
		text(x - 130, y - 14, "start", title)
		most = 0
		least = 1e30
		for (i = 1; i <= names; i++) {
			if (count[name[i], m] == 0)
				continue
			v = median(name[i], m)
			if (v > most) most = v
			if (v > 0 && v < least) least = v
		}
		for (i = 1; i <= names; i++) {
			t = name[i]
			text(x - 6, y + i * 18 - 5, "end", t)
			if (count[t, m] == 0) {
				text(x + 4, y + i * 18 - 5, "start", "-")
				continue
			}
			v = median(t, m)
			w = is_log ? 20 + 150 * log10(v / least) / \
				(most > least ? log10(most / least) : 1) : \
				170 * v / most
			printf "<rect x=\"%.0f\" y=\"%.0f\" width=\"%.1f\" " \
				"height=\"13\" fill=\"%s\"/>\n",
				x, y + i * 18 - 16, w, colour(t)
			text(x + w + 5, y + i * 18 - 5, "start",
				sprintf(v < 100 ? "%.3g" : "%.0f", v))
		}
	}
	$4 != "nan" {
		if (!($2 in seen)) {
			seen[$2] = 1
			name[++names] = $2
		}
		value[$2, $3, ++count[$2, $3]] = $4 + 0
	}
	END {
		height = 46 + 4 * (names * 18 + 56)
		printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"800\" " \
			"height=\"%d\" font-family=\"sans-serif\" " \
			"font-size=\"12\">\n", height
		printf "<rect width=\"800\" height=\"%d\" fill=\"#fff\"/>\n", height
		panel("tcp1_gbps", "one TCP stream, Gbit/s: more is better", 0, 0, 0)
		panel("tcp4_gbps", "four TCP streams, Gbit/s: more is better", 1, 0, 0)
		panel("udp160_kpps", "160 bytes without loss, 1,000/s: more is better", 0, 1, 0)
		panel("flood160_kpps", "160 bytes, flood, 1,000/s: more is better", 1, 1, 0)
		panel("ping_us", "ping, microseconds: less is better (log)", 0, 2, 1)
		panel("ping_load_us", "ping beside TCP, microseconds: less is better (log)", 1, 2, 1)
		panel("cpu_s_per_gb", "processor seconds per GB: less is better (log)", 0, 3, 1)
		panel("rss_load_mib", "memory per end under load, MiB: less is better (log)", 1, 3, 1)
		print "</svg>"
	}' "$csv" >"$out.new" && mv "$out.new" "$out" && echo "$out"
