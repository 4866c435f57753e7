/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the helper tells the agent, one word a packet of the socket between them: both are the same
 * program, so it is a struct. The agent still believes none unseen: names_word_good().
 */
#ifndef AGENT_NAMES_WORD_H
#define AGENT_NAMES_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAMES_ID	64  /* hex digits of a container's id with every runtime that serves the CRI */
#define NAMES_UID_MAX	63
#define NAMES_LABEL_MAX 63  /* of a namespace and of a container in Kubernetes */
#define NAMES_POD_MAX	253 /* of a pod */
#define NAMES_CONTAINER_MAX 255 /* of a container of Docker or Podman, which have no limit; the wire has this one */
#define NAMES_TEXT_MAX	159
#define NAMES_MOST	8192 /* containers of a node; Kubernetes plans for 110 pods, and some make it 500 */

struct names_entry {
	bool sandbox; /* holds a pod's namespaces, runs nothing of it */
	bool attempt_known;
	uint32_t attempt; /* those of its name before it */
	char id[NAMES_ID + 1];
	char pod_uid[NAMES_UID_MAX + 1], pod_namespace[NAMES_LABEL_MAX + 1], pod[NAMES_POD_MAX + 1];
	char container[NAMES_CONTAINER_MAX + 1];
	char workload[NAMES_CONTAINER_MAX + 1]; /* what it is one of many of; "": nobody says */
};

/* How the helper fares; counts are since its start. */
struct names_state {
	bool connected, events, denied; /* denied: this process may not open the socket */
	uint64_t lists, failures, deferred, refused, event_count;
	uint64_t cpu_ns, peak_bytes; /* what the helper itself took */
	char runtime[NAMES_LABEL_MAX + 1]; /* as it calls itself: containerd, cri-o */
	char text[NAMES_TEXT_MAX + 1];	   /* its version; or why it is away */
};

enum names_tell {
	NAMES_STATE,
	NAMES_BEGIN, /* all names follow, then NAMES_END: those that were not among them are gone */
	NAMES_ENTRY,
	NAMES_END,
	NAMES_GONE, /* entry.id only */
};

struct names_word {
	enum names_tell tell;
	union {
		struct names_state state;
		struct names_entry entry;
	};
};

enum names_kind { /* whom the helper asks */
	NAMES_CRI,
	NAMES_DOCKER,
	NAMES_PODMAN,
	NAMES_KINDS
};

#define NAMES_ASK 'l' /* the only byte in the other direction: list them, please */

bool names_id_good(const char *id);   /* NAMES_ID lower-case hex digits */
bool names_text_good(const char *s, size_t most); /* UTF-8 without control characters, at most so many bytes */
/* A peer's text into a member of `most` + 1 bytes. False: it is NULL or not good. */
bool names_text_put(char *to, size_t most, const char *text);
/* As much of its first `size` bytes as fits; "" when that is not good, or it is NULL. */
void names_text_cut(char *to, size_t most, const char *text, size_t size);
/* `size` bytes were received: a whole word that says one of the above in good texts. */
bool names_word_good(const struct names_word *w, size_t size);

#endif
