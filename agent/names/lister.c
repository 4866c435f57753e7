/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/names/lister.h"

#include <string.h>
#include <sys/resource.h>

#include "base/heap.h"

static void tell(const struct lister *l, const struct names_word *w)
{
	l->options.tell(w, l->options.data);
}

void lister_tell_state(struct lister *l)
{
	struct names_word w = {.tell = NAMES_STATE};
	struct rusage own;

	l->state.cpu_ns = clock_process_ns();
	if (getrusage(RUSAGE_SELF, &own) == 0)
		l->state.peak_bytes = (uint64_t)own.ru_maxrss * 1024;
	w.state = l->state;
	tell(l, &w);
}

/* When */

static void schedule(struct lister *l, uint64_t wait_ns)
{
	l->due_ns = clock_boot().ns + wait_ns;
	loop_timer_start(l->timer, wait_ns, 0);
}

static void begin(void *data)
{
	struct lister *l = data;

	loop_timer_stop(l->timer);
	l->began_ns = clock_boot().ns;
	l->wanted = false;
	l->busy = true;
	l->ask(l->data);
}

void lister_start(struct lister *l, const struct lister_options *o, void (*ask)(void *data), void *data)
{
	l->options = *o;
	l->options.answer_ns = o->answer_ns ? o->answer_ns : LISTER_ANSWER_NS;
	l->ask = ask;
	l->data = data;
	l->retry_ns = LISTER_RETRY_LEAST_NS;
	l->timer = loop_timer_new(o->loop, begin, l);
	begin(l);
}

void lister_stop(struct lister *l)
{
	loop_timer_close(l->timer);
	l->timer = NULL;
}

void lister_want(struct lister *l)
{
	uint64_t now_ns = clock_boot().ns, earliest_ns = l->began_ns + LISTER_LEAST_NS;

	if (l->busy || !l->state.connected) {
		l->wanted = true; /* after this one; or it is being tried as often as is good for it */
		return;
	}
	if (now_ns >= earliest_ns) {
		begin(l);
	} else {
		l->state.deferred++;
		if (l->due_ns > earliest_ns)
			schedule(l, earliest_ns - now_ns);
	}
}

/* What came of it */

void lister_failed(struct lister *l, const char *why, bool denied)
{
	l->busy = l->wanted = false;
	l->state.connected = false;
	l->state.denied = denied;
	l->state.failures++;
	names_text_cut(l->state.text, NAMES_TEXT_MAX, denied ? "permission denied" : why, SIZE_MAX);
	lister_tell_state(l);
	schedule(l, l->retry_ns);
	l->retry_ns = l->retry_ns * 2 < LISTER_RETRY_MOST_NS ? l->retry_ns * 2 : LISTER_RETRY_MOST_NS;
}

void lister_open(struct lister *l)
{
	tell(l, &(struct names_word){.tell = NAMES_BEGIN});
}

void lister_entry(const struct names_entry *e, void *lister)
{
	struct names_word w = {.tell = NAMES_ENTRY, .entry = *e};

	tell(lister, &w);
}

void lister_close(struct lister *l, uint32_t refused)
{
	tell(l, &(struct names_word){.tell = NAMES_END});
	l->state.refused += refused;
	l->state.connected = true;
	l->state.denied = false;
	l->state.lists++;
	l->retry_ns = LISTER_RETRY_LEAST_NS;
}

void lister_finished(struct lister *l)
{
	bool again = l->wanted;

	heap_give_back(); /* thousands of labels that nobody reads */
	l->busy = l->wanted = false;
	lister_tell_state(l);
	schedule(l, LISTER_MOST_NS);
	if (again)
		lister_want(l);
}

void lister_gone(struct lister *l, const char *id)
{
	struct names_word w = {.tell = NAMES_GONE};

	if (!names_id_good(id))
		return;
	memcpy(w.entry.id, id, NAMES_ID);
	tell(l, &w);
}
