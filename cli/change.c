/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The commands that only change something in the daemon: pin, close, reload.
 * They are silent when all went well.
 */
#include "cli/client.h"
#include "cli/command.h"

int change_run(const struct options *o)
{
	struct client_answer a;
	int code = client_ask_words(o, &a);

	if (code == API_DONE && o->json && a.json)
		(void)puts(a.json); /* main looks at stdout at the end */
	client_answer_clear(&a);
	return code;
}
