/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/act/act.h"

#include <errno.h>
#include <stdlib.h>

#include "aggregator/act/exec.h"
#include "aggregator/act/none.h"
#include "base/mem.h"
#include "base/obj.h"

#define ACT_MAGIC 0x61637431u

static char **copy_command(const char *const *command)
{
	char **copy;
	size_t n = 0;

	while (command[n])
		n++;
	copy = mem_array(NULL, n + 1, sizeof(*copy));
	for (size_t i = 0; i <= n; i++)
		copy[i] = mem_strdup(command[i]);
	return copy;
}

struct act *act_new(struct loop *l, const char *const *command, uint64_t timeout_ns)
{
	struct act *a = mem_new(struct act);

	a->magic = ACT_MAGIC;
	a->loop = l;
	a->timeout_ns = timeout_ns;
	a->kind = command ? &act_exec : &act_none;
	if (command)
		a->command = copy_command(command);
	return a;
}

static void release(struct act *a)
{
	for (char **word = a->command; word && *word; word++)
		free(*word);
	free(a->command);
	loop_timer_close(a->soon);
	a->magic = 0;
	free(a);
}

int act_run(struct act *a, const struct act_order *o, act_done_t done, void *data)
{
	int r;

	if (a->running)
		return -EBUSY;
	a->done = done;
	a->data = data;
	a->running = true;
	r = a->kind->start(a, o);
	if (r < 0)
		a->running = false;
	return r;
}

void act_finish(struct act *a, const char *why)
{
	must(a->magic == ACT_MAGIC && a->running);
	a->running = false;
	if (a->closed)
		release(a);
	else
		a->done(why, a->data);
}

bool act_running(const struct act *a)
{
	return a->running;
}

const char *act_name(const struct act *a)
{
	return a->kind->name;
}

void act_close(struct act *a)
{
	if (!a)
		return;
	a->closed = true;
	if (!a->running || a->kind == &act_none)
		release(a);
}
