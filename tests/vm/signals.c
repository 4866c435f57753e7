/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the probe can measure on this machine, for tests/vm: a line for each group of signals of a cgroup that
 * runs something ("signal NAME delivered" or "signal NAME absent"), and one for each notice.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/probe/probe.h"
#include "own_cgroups.h"

#define NOTICES_MAX 32

static struct probe_cgroup *mine;
static char path[OWN_PATH + 8];

static void born(struct probe_cgroup *c, void *data)
{
	(void)data;
	if (strcmp(c->path, path) == 0)
		mine = c;
}

static void gone(struct probe_cgroup *c, void *data)
{
	(void)data;
	if (c == mine)
		mine = NULL;
}

_Noreturn static void spin(const void *data)
{
	(void)data;
	for (;;)
		;
}

static int pass(struct probe *p)
{
	clock_boot_t at;
	struct err e;

	if (probe_pass(p, &at, &e) == 0)
		return 0;
	printf("failed %s: %s\n", e.what, e.cause);
	return 1;
}

static void print_signals(const struct probe *p)
{
	struct signals s = {.missing = ~0u};

	if (mine)
		probe_read(p, mine, &s);
#define GROUP(ID, bit, word, prose) printf("signal %s %s\n", word, s.missing & SIGNAL_NO_##ID ? "absent" : "delivered");
#include "plimsoll/signals.def"
}

static void print_notices(const struct probe *p)
{
	struct probe_notice notices[NOTICES_MAX];
	int n = probe_notices(p, notices, NOTICES_MAX);

	for (int i = 0; i < n; i++)
		printf("notice %s %s %s\n", notices[i].id, notices[i].level, notices[i].text);
}

int main(void)
{
	struct probe_options o = {.max_cgroups = 256, .watcher = {born, gone, NULL}, .also = SIGNAL_NO_REQUESTS};
	struct own_cgroups own;
	struct probe *p;
	struct err e;
	pid_t pid;
	int failed = 0;

	own_split(&own);
	snprintf(path, sizeof(path), "%s/leaf", own.top);
	own_make(&own, path);
	if (probe_open(&o, &p, &e) < 0) {
		printf("failed %s: %s\n", e.what, e.cause);
		return 1;
	}
	pid = own_spawn(&own, path, spin, NULL);
	for (int i = 0; i < 3 && !failed; i++) {
		failed = pass(p);
		nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
	}
	print_signals(p);
	print_notices(p);
	own_end(pid);
	probe_close(p);
	return failed;
}
