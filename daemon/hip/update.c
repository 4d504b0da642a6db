/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * UPDATE: form and HIP_MAC are checked. Neither rekeying nor mobility is
 * done, so that no SEQ is acknowledged: an ACK would promise that it was.
 */
#include "daemon/hip/update.h"

#include "daemon/hip/exchange_r.h"
#include "daemon/hip/host_impl.h"

enum drop update_on_packet(struct host *h, const struct arrival *m)
{
	const struct packet *p = &m->packet;
	struct assoc *a = assoc_find(h, &p->sender);
	enum drop d;

	if (!a || !a->agreed ||
	    (a->state != ASSOC_R2_SENT && a->state != ASSOC_ESTABLISHED))
		return DROP_STATE;
	if (!packet_find(p, PARAM_SEQ) && !packet_find(p, PARAM_ACK))
		return DROP_PARAM_MISSING; /* 5.3.5: invalid */
	if (!packet_find(p, PARAM_HIP_SIGNATURE))
		return DROP_PARAM_MISSING;
	d = protect_check_mac(p, a->agreed->keymat.hit_suite,
			      a->agreed->keys.mac_in);
	if (d != DROP_NONE)
		return d;
	exchange_r_on_proof(h, a); /* table 5: data or UPDATE */
	return DROP_STATE;
}
