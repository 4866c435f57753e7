/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/names/word.h"

#include <stdio.h>
#include <string.h>

#include "base/unicode.h"

bool names_id_good(const char *id)
{
	return strnlen(id, NAMES_ID + 1) == NAMES_ID && strspn(id, "0123456789abcdef") == NAMES_ID;
}

bool names_text_good(const char *s, size_t most)
{
	size_t n = 0, step;
	uint32_t code;

	if (strnlen(s, most + 1) > most)
		return false;
	for (; s[n]; n += step) {
		step = unicode_next(s + n, &code);
		if (!step || code < 0x20 || code == 0x7f)
			return false;
	}
	return true;
}

bool names_text_put(char *to, size_t most, const char *text)
{
	if (!text || !names_text_good(text, most))
		return false;
	memcpy(to, text, strlen(text) + 1);
	return true;
}

void names_text_cut(char *to, size_t most, const char *text, size_t size)
{
	snprintf(to, most + 1, "%.*s", (int)(size < most ? size : most), text ? text : "");
	if (!names_text_good(to, most))
		*to = '\0';
}

static bool entry_good(const struct names_entry *e)
{
	return names_id_good(e->id) && names_text_good(e->pod_uid, NAMES_UID_MAX) &&
	       names_text_good(e->pod_namespace, NAMES_LABEL_MAX) && names_text_good(e->pod, NAMES_POD_MAX) &&
	       names_text_good(e->container, NAMES_CONTAINER_MAX) &&
	       names_text_good(e->workload, NAMES_CONTAINER_MAX);
}

bool names_word_good(const struct names_word *w, size_t size)
{
	if (size != sizeof(*w))
		return false;
	switch (w->tell) {
	case NAMES_STATE:
		return names_text_good(w->state.runtime, NAMES_LABEL_MAX) &&
		       names_text_good(w->state.text, NAMES_TEXT_MAX);
	case NAMES_ENTRY:
		return entry_good(&w->entry);
	case NAMES_GONE:
		return names_id_good(w->entry.id);
	case NAMES_BEGIN:
	case NAMES_END:
		return true;
	}
	return false;
}
