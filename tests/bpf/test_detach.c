/* SPDX-License-Identifier: Apache-2.0 */
/* Programs, maps and links of ours are gone from the kernel after a close, and after SIGKILL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <bpf/bpf.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/obj.h"
#include "base/scope.h"
#include "crew.h"
#include "watch.h"

#define SLOTS	 4096
#define IDS_MAX	 128
#define PATIENCE_MS 60000

enum kind { PROGRAM, MAP, LINK, KINDS };

struct ids { /* of all BPF objects that a process holds open */
	unsigned n[KINDS], id[KINDS][IDS_MAX];
};

static struct own_cgroups own;

static void take_ids(const char *fdinfo, struct ids *to)
{
	static const char *const label[KINDS] = {"prog_id:", "map_id:", "link_id:"};
	scoped(fclosep) FILE *f = fopen(fdinfo, "re");
	bool is_link = false;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		for (int k = 0; k < KINDS; k++) {
			size_t length = strlen(label[k]);

			if (strncmp(line, label[k], length) != 0 || (k == PROGRAM && is_link))
				continue;
			is_link |= k == LINK; /* its prog_id is that of a program we have anyway */
			must(to->n[k] < IDS_MAX);
			to->id[k][to->n[k]++] = (unsigned)strtoul(line + length, NULL, 10);
		}
}

static void ids_of(pid_t pid, struct ids *ret)
{
	char path[300];
	struct dirent *entry;
	DIR *d;

	*ret = (struct ids){0};
	snprintf(path, sizeof(path), "/proc/%d/fdinfo", (int)pid);
	d = opendir(path);
	assert_non_null(d);
	while ((entry = readdir(d))) {
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", (int)pid, entry->d_name);
		if (entry->d_name[0] != '.')
			take_ids(path, ret);
	}
	closedir(d);
	assert_true(ret->n[PROGRAM] >= 2 && ret->n[MAP] >= 5 && ret->n[LINK] >= 2);
}

static bool exists(enum kind k, unsigned id)
{
	int fd = k == PROGRAM ? bpf_prog_get_fd_by_id(id) :
		 k == MAP     ? bpf_map_get_fd_by_id(id) :
				bpf_link_get_fd_by_id(id);

	if (fd < 0)
		assert_int_equal(errno, ENOENT);
	else
		close(fd);
	return fd >= 0;
}

static unsigned count_existing(const struct ids *ids)
{
	unsigned n = 0;

	for (int k = 0; k < KINDS; k++)
		for (unsigned i = 0; i < ids->n[k]; i++)
			n += exists((enum kind)k, ids->id[k][i]);
	return n;
}

/* The kernel frees some of them a grace period later. */
static void assert_all_gone(const struct ids *ids)
{
	unsigned ms = 0, left;

	while ((left = count_existing(ids)) && ms++ < PATIENCE_MS)
		crew_pause(1);
	assert_int_equal(left, 0);
}

static void nothing_is_left_after_close(void **state)
{
	struct watch w;
	struct ids ids;

	(void)state;
	watch_open(&w, SLOTS);
	watch_pass(&w);
	ids_of(getpid(), &ids);
	assert_int_equal(count_existing(&ids), ids.n[PROGRAM] + ids.n[MAP] + ids.n[LINK]);
	watch_close(&w);
	assert_all_gone(&ids);
}

static void sample_for_ever(const void *data)
{
	const int *ready = data;
	struct watch w;

	watch_open(&w, SLOTS);
	watch_pass(&w);
	must(write(*ready, "r", 1) == 1);
	for (;;)
		pause();
}

static void nothing_is_left_after_sigkill(void **state)
{
	struct ids ids;
	int ready[2];
	char byte;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid = own_spawn(&own, own.top, sample_for_ever, &ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	ids_of(pid, &ids);
	own_end(pid);
	assert_all_gone(&ids);
	close(ready[0]);
	close(ready[1]);
}

/* Two at once, as when an agent is restarted before the old one has ended. */
static void two_probes_do_not_disturb_each_other(void **state)
{
	struct watch first, second;
	struct crew mine;
	uint64_t a, b;

	(void)state;
	watch_open(&first, SLOTS);
	watch_open(&second, SLOTS);
	crew_start(&mine, &own, own.top, 1, ANY_CPU);
	watch_close(&first);
	watch_pass(&second);
	a = watch_read(&second, own.top).cpu_ns;
	crew_work(&mine, 100);
	watch_pass(&second);
	b = watch_read(&second, own.top).cpu_ns;
	assert_true(b > a);
	crew_end(&mine);
	watch_close(&second);
}

static unsigned open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void ignore(struct probe_cgroup *c, void *data)
{
	(void)c;
	(void)data;
}

static int open_with_few_files(rlim_t most)
{
	struct probe_options o = {.max_cgroups = SLOTS, .watcher = {ignore, ignore, NULL}};
	struct rlimit before, few;
	struct probe *p = NULL;
	struct err e;
	int r;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){most, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	r = probe_open(&o, &p, &e);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	if (r < 0)
		assert_true(e.code == r && e.what[0] && e.fix[0] && !p);
	probe_close(p);
	return r;
}

/* Every file that the probe opens fails once. */
static void a_failure_at_any_step_is_an_error_and_leaves_nothing(void **state)
{
	unsigned before = open_files(), failures = 0;
	rlim_t most = before;

	(void)state;
	while (open_with_few_files(most++) < 0) {
		assert_int_equal(open_files(), before);
		failures++;
	}
	assert_true(failures > 5);
	assert_int_equal(open_files(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_left_after_close),
		cmocka_unit_test(nothing_is_left_after_sigkill),
		cmocka_unit_test(a_failure_at_any_step_is_an_error_and_leaves_nothing),
		cmocka_unit_test(two_probes_do_not_disturb_each_other),
	};

	own_split(&own);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
