/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/record.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "ctl/watch.h"
#include "ctl/workload.h"
#include "simulate/trace.h"

#define LATE_S	       2   /* a stream may come a little late; then what was holds on */
#define PATIENCE_S     1   /* for a reader of ours that takes nothing; then the last line is not written */
#define COVERAGE_LEAST 0.9 /* below it nobody knows the whole: as silent as nothing */

struct recording {
	const char *name;
	clock_boot_t begin;
	uint32_t next;  /* second that comes next */
	bool begun;
	uint32_t milli; /* newest known */
	int result, error;
	struct err *e;
	pthread_mutex_t writes; /* a line, or the last one */
};

static void put(struct recording *r, uint32_t second, bool silent)
{
	scoped(buf_done) struct buf line = {0};

	if (!r->begun)
		trace_write_head(&line);
	trace_write_change(second, r->milli, silent, &line);
	fputs(buf_text(&line), stdout);
	r->begun = true;
	r->next = second + 1;
	r->result = command_flush();
}

static const workload *find(const Plimsoll__V1__ListWorkloadsResponse *all, const char *name)
{
	for (size_t i = 0; i < all->n_workload; i++)
		if (strcmp(all->workload[i]->name, name) == 0)
			return all->workload[i];
	return NULL;
}

static int unknown(struct recording *r)
{
	err_set(r->e, -ENOENT, "no workload is called \"%.120s\"", r->name);
	err_cause(r->e, "the aggregator does not know that name");
	return err_fix(r->e, "plimsoll get workloads lists all of them");
}

/* Replicas that were not measured are taken to use what the others do; the first second must be known. */
static bool add_second(const ProtobufCMessage *m, struct recording *r)
{
	const workload *w = find((const void *)m, r->name);
	const value *cpu = w ? w->cpu_cores : NULL;
	bool known = workload_known(cpu) && cpu->coverage >= COVERAGE_LEAST;
	uint32_t second;

	if (!w && !r->begun) {
		r->error = unknown(r);
		return false;
	}
	if (!r->begun && !known)
		return true;
	if (!r->begun)
		r->begin = clock_boot();
	second = (uint32_t)((clock_since(clock_boot(), r->begin) + CLOCK_NS_PER_S / 2) / CLOCK_NS_PER_S);
	if (second < r->next)
		return true;
	if (r->begun && second > r->next + LATE_S)
		put(r, r->next, true); /* nothing was heard in between */
	if (known)
		r->milli = (uint32_t)(cpu->value / cpu->coverage * 1000 + 0.5);
	put(r, second, !known);
	return r->result == COMMAND_FINE && second < TRACE_SECONDS_MAX - 2;
}

static bool add(const ProtobufCMessage *m, void *data)
{
	struct recording *r = data;
	bool more;

	pthread_mutex_lock(&r->writes);
	more = add_second(m, r);
	pthread_mutex_unlock(&r->writes);
	return more;
}

static void finish(const struct recording *r)
{
	scoped(buf_done) struct buf line = {0};

	if (!r->begun)
		return;
	trace_write_end(r->next, &line);
	fputs(buf_text(&line), stdout);
}

/* The signals that end us: not those that we were told to ignore, as nohup does. */
static sigset_t endings(void)
{
	static const int all[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction now;
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (sigaction(all[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			sigaddset(&set, all[i]);
	return set;
}

/* Whoever ends a recording so has what there is of it, up to its last line, and we die of the signal all the same. */
static void *wait_for_ending(void *data)
{
	struct recording *r = data;
	sigset_t set = endings();
	struct timespec until;
	int signum;

	sigwait(&set, &signum);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	if (pthread_mutex_timedlock(&r->writes, &until) == 0) {
		finish(r);
		fflush(stdout);
	}
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	raise(signum);
	_exit(128 + signum);
}

/* Before there is another thread, so that none of them takes the signal. */
static void watch_for_ending(struct recording *r)
{
	sigset_t set = endings();
	pthread_t thread;

	pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (pthread_create(&thread, NULL, wait_for_ending, r) == 0)
		pthread_detach(thread);
	else
		pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int record_run(const struct session *s)
{
	Plimsoll__V1__ListWorkloadsRequest q = PLIMSOLL__V1__LIST_WORKLOADS_REQUEST__INIT;
	scoped(connect_freep) struct connect *c = NULL;
	struct err e;
	static struct recording rec = {.writes = PTHREAD_MUTEX_INITIALIZER}; /* of the thread, too, until we end */
	int r;

	rec.name = s->words[0];
	rec.e = &e;
	watch_for_ending(&rec);
	r = connect_open(s->o, NULL, &c, &e);
	q.name = s->words;
	q.n_name = 1;
	if (r == 0)
		r = watch_follow(s->o, c, &method_watch_workloads, &q.base, add, &rec, &e);
	pthread_mutex_lock(&rec.writes); /* for good: it is over */
	finish(&rec);
	if (r < 0 || rec.error < 0)
		return command_fail(&e);
	if (rec.begun)
		return rec.result;
	err_set(&e, -ENODATA, "nothing was recorded of \"%.120s\"", rec.name);
	err_cause(&e, "its CPU use was not known in that time");
	err_fix(&e, "plimsoll status says whether agents report; --seconds may be too few");
	return command_fail(&e);
}
