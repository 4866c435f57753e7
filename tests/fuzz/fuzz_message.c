/* SPDX-License-Identifier: Apache-2.0 */
/* What comes on the demo's connections, in either direction. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "demo/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int check(int used, size_t size)
{
	if (used != -EBADMSG && (used < 0 || (size_t)used > size || used > MESSAGE_BYTES))
		abort();
	return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct work w = { 0, 0 }, again;
	char mine[MESSAGE_BYTES];

	(void)check(message_read_answer(text, size), size);
	if (check(message_read_request(text, size, &w), size) <= 0)
		return 0;
	if (w.cpu_us > MESSAGE_WORK_MAX || w.hold_us > MESSAGE_WORK_MAX)
		abort();
	size = message_request(mine, w);
	if (message_read_request(mine, size, &again) != (int)size || again.cpu_us != w.cpu_us || again.hold_us != w.hold_us)
		abort();
	return 0;
}
