/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Fingers: RFC 6940 10.3, 10.7.2, 10.7.4.2. One that is gone is looked for
 * within seconds, and each anew from time to time. That somebody has come who
 * is a better one is seen best by who was the finger until then: it is that
 * one's predecessor now, and hears of it from there (10.7.3: who owns less
 * than before says so).
 */
#include "resolver/overlay_impl.h"

void fingers_list(const struct overlay *o, struct node_list *out)
{
	unsigned int wanted = route_fingers_wanted(&o->route);

	out->n = 0;
	for (unsigned int i = 1; i <= wanted; i++) {
		const struct link *l = route_finger(&o->route, i);

		if (l && !route_is_neighbour(&o->route, l->at))
			out->at[out->n++] = l->node;
	}
}

/* Whether a finger would become nearer to where it should be. */
bool fingers_is_better(const struct overlay *o, ring_t at)
{
	unsigned int i = route_finger_index(&o->route, at);
	const struct link *have;

	if (i > route_fingers_wanted(&o->route))
		return false;
	have = route_finger(&o->route, i);
	return !have || id_distance(o->route.self, at) <
				id_distance(o->route.self, have->at);
}

bool fingers_is_better_before(const struct overlay *o, const struct link *l)
{
	size_t rank = links_finger_rank(o, l);

	return rank > 0 && rank < ROUTE_NEIGHBOURS;
}

void fingers_on_member(struct overlay *o, const struct link *l)
{
	if (route_predecessor(&o->route, 0) != l)
		return;
	for (size_t i = 0; i < o->route.n; i++) {
		const struct link *other = &o->route.links[i];
		struct hit node = other->node;

		if (other != l && link_has(other, LINK_IN_RING) &&
		    !route_is_neighbour(&o->route, other->at) &&
		    links_finger_rank(o, other) == 1)
			neighbours_update(o, &node, CHORD_NEIGHBORS);
	}
}

/* Fingers so near that they are neighbours need no search. */
static bool is_worth_search(const struct overlay *o, unsigned int i, bool empty)
{
	ring_t start = o->route.self + ((ring_t)1 << (ID_BITS - i));

	if (route_is_neighbour(&o->route, start))
		return false;
	return !empty || !route_finger(&o->route, i);
}

void fingers_search(struct overlay *o)
{
	unsigned int wanted = route_fingers_wanted(&o->route);

	for (unsigned int n = 0; n < wanted; n++) {
		bool quick = o->quick_fingers > 0;
		unsigned int i = o->next_finger;

		if (i < 1 || i > wanted)
			i = 1;
		o->next_finger = (uint8_t)(i + 1);
		if (quick)
			o->quick_fingers--;
		if (!is_worth_search(o, i, quick))
			continue;
		neighbours_ping(o, PURPOSE_FINGER,
				o->route.self + ((ring_t)1 << (ID_BITS - i)),
				NULL);
		break;
	}
	o->finger_ms = o->now_ms + overlay_about(o, o->quick_fingers > 0
							    ? FINGER_SOON_MS
							    : FINGER_MS);
}
