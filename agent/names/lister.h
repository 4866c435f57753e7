/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the helper: when a runtime is asked for its list, and how what it says is told, for every kind of
 * runtime. It is asked at the start, again whenever somebody wants it, at most once in LISTER_LEAST_NS and at
 * least once in LISTER_MOST_NS; after failures ever more slowly. Loop-thread-only; nothing blocks.
 */
#ifndef AGENT_NAMES_LISTER_H
#define AGENT_NAMES_LISTER_H

#include "agent/names/word.h"
#include "base/clock.h"
#include "loop/loop.h"

#define LISTER_LEAST_NS	      CLOCK_NS_PER_S	    /* between two lists */
#define LISTER_MOST_NS	      (60 * CLOCK_NS_PER_S) /* without being asked: to forget what is no more */
#define LISTER_ANSWER_NS      (10 * CLOCK_NS_PER_S) /* what one question may take */
#define LISTER_RETRY_LEAST_NS CLOCK_NS_PER_S	    /* after a failure; doubles */
#define LISTER_RETRY_MOST_NS  (30 * CLOCK_NS_PER_S)

struct lister_options {
	struct loop *loop;
	const char *address; /* unix:PATH; borrowed */
	int handle;	     /* the socket's file, opened (O_PATH) while it could be reached; -1: none. For who serves HTTP */
	uint64_t answer_ns;  /* 0: LISTER_ANSWER_NS */
	void (*tell)(const struct names_word *w, void *data); /* valid until it returns */
	void *data;
};

struct lister {
	struct lister_options options;
	void (*ask)(void *data); /* begins to ask: lister_failed() or lister_finished() follow */
	void *data;
	struct loop_timer *timer; /* the next list */
	bool busy, wanted;	  /* wanted: somebody asked since the last list began */
	uint64_t began_ns, due_ns, retry_ns; /* of the last list; of the next; the wait after the next failure */
	struct names_state state;
};

/* Asks at once. */
void lister_start(struct lister *l, const struct lister_options *o, void (*ask)(void *data), void *data);
void lister_stop(struct lister *l);
void lister_want(struct lister *l); /* a list, please */

/* What the asking came to. The whole list: lister_open(), entries, lister_close(). */
void lister_open(struct lister *l);
void lister_entry(const struct names_entry *e, void *lister);
void lister_close(struct lister *l, uint32_t refused);
void lister_finished(struct lister *l);
void lister_failed(struct lister *l, const char *why, bool denied);
void lister_gone(struct lister *l, const char *id);
void lister_tell_state(struct lister *l);

#endif
