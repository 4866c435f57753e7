/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/message.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define TARGET	"GET /work?cpu_us="
#define HOLD	"&hold_us="
#define VERSION " HTTP/1.1\r\n"
#define STATUS	"HTTP/1.1 200 OK\r\n"
#define LENGTH	"Content-Length: "
#define END	"\r\n\r\n"

size_t message_request(char *to, struct work w)
{
	return (size_t)snprintf(to, MESSAGE_BYTES, TARGET "%u" HOLD "%u" VERSION "Host: demo" END, w.cpu_us, w.hold_us);
}

size_t message_answer(char *to, uint32_t checksum)
{
	return (size_t)snprintf(to, MESSAGE_BYTES, STATUS "Content-Type: text/plain\r\n" LENGTH "11" END "%010u\n", checksum);
}

/* Bytes of a head with the empty line that ends it; 0: it goes on. */
static size_t head_size(const char *text, size_t size)
{
	for (size_t i = 0; i + sizeof(END) - 1 <= size; i++)
		if (!memcmp(text + i, END, sizeof(END) - 1))
			return i + sizeof(END) - 1;
	return 0;
}

/* Moves on behind `word`. */
static bool skip(const char **at, const char *end, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(end - *at) < n || memcmp(*at, word, n) != 0)
		return false;
	*at += n;
	return true;
}

static bool read_number(const char **at, const char *end, uint32_t *ret)
{
	const char *begin = *at;

	*ret = 0;
	for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
		*ret = *ret * 10 + (uint32_t)(**at - '0');
		if (*ret > MESSAGE_WORK_MAX)
			return false;
	}
	return *at > begin;
}

int message_read_request(const char *text, size_t size, struct work *ret)
{
	size_t n = head_size(text, size < MESSAGE_BYTES ? size : MESSAGE_BYTES);
	const char *at = text, *end = text + n;
	struct work w;

	if (!n)
		return size < MESSAGE_BYTES ? 0 : -EBADMSG;
	if (!skip(&at, end, TARGET) || !read_number(&at, end, &w.cpu_us) || !skip(&at, end, HOLD) ||
	    !read_number(&at, end, &w.hold_us) || !skip(&at, end, VERSION))
		return -EBADMSG;
	*ret = w;
	return (int)n;
}

/* Of the body, as the head says. */
static bool read_length(const char *head, const char *end, uint32_t *ret)
{
	for (const char *at = head; at < end; at++) {
		const char *value = at;

		if (skip(&value, end, LENGTH))
			return read_number(&value, end, ret) && skip(&value, end, "\r\n");
	}
	return false;
}

int message_read_answer(const char *text, size_t size)
{
	size_t n = head_size(text, size < MESSAGE_BYTES ? size : MESSAGE_BYTES);
	const char *at = text;
	uint32_t body;

	if (!n)
		return size < MESSAGE_BYTES ? 0 : -EBADMSG;
	if (!skip(&at, text + n, STATUS) || !read_length(text, text + n, &body) || n + body > MESSAGE_BYTES)
		return -EBADMSG;
	return size < n + body ? 0 : (int)(n + body);
}
