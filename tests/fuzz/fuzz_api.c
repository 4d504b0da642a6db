/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Requests and replies of the control socket: what is parsed is written as
 * the same bytes.
 */
#include "daemon/base/api.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[API_REQUEST_MAX];
	struct api_request request;
	struct api_reply reply;

	if (api_request_parse(data, size, &request)) {
		assert(request.n_args <= API_ARGS_MAX);
		assert(api_request_write(&request, out, sizeof(out)) == size);
		assert(memcmp(out, data, size) == 0);
	}
	if (api_reply_parse(data, size, &reply) && size <= sizeof(out)) {
		assert(api_reply_len(&reply) == size);
		assert(api_reply_write(&reply, out, sizeof(out)) == size);
		assert(memcmp(out, data, size) == 0);
	}
	return 0;
}
