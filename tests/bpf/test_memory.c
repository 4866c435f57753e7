/* SPDX-License-Identifier: Apache-2.0 */
/* Memory usage, limit and inactive file pages against the memory.* files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/obj.h"
#include "crew.h"
#include "truth.h"
#include "watch.h"

#define SLOTS	 4096
#define MIB	   (1ull << 20)
#define ANON_BYTES (32 * MIB)
#define FILE_BYTES (24 * MIB)
#define LIMIT	   (256 * MIB)
#define SMALL	   (16 * MIB)
#define LOOKS	   4
#define SLAB_SLACK (1 * MIB) /* objects come and go with every system call */
#define PART	   0.003

static struct own_cgroups own;
static char parent[OWN_PATH + 8], leaf[OWN_PATH + 16];
static struct watch w;

struct holder { /* shared with the process that holds the memory */
	int ready[2];
	const char *file;
};

static void hold_memory(const void *data)
{
	const struct holder *h = data;
	char *anon = mmap(NULL, ANON_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *chunk = calloc(1, MIB);
	int fd = open(h->file, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

	must(anon != MAP_FAILED && chunk && fd >= 0);
	memset(anon, 1, ANON_BYTES);
	for (unsigned i = 0; i < FILE_BYTES / MIB; i++)
		must(write(fd, chunk, MIB) == (ssize_t)MIB);
	must(fsync(fd) == 0 && write(h->ready[1], "r", 1) == 1);
	for (;;)
		pause();
}

static pid_t start_holder(struct holder *h)
{
	char byte;
	pid_t pid;

	assert_int_equal(pipe(h->ready), 0);
	pid = own_spawn(&own, leaf, hold_memory, h);
	assert_int_equal(read(h->ready[0], &byte, 1), 1);
	close(h->ready[0]);
	close(h->ready[1]);
	return pid;
}

static void compare(const char *path, struct truth_memory theirs)
{
	struct signals ours = watch_read(&w, path);

	assert_int_equal(ours.missing & (SIGNAL_NO_MEMORY | SIGNAL_NO_WORKING_SET), 0);
	assert_near(ours.memory_usage_bytes, theirs.usage_bytes, PART, 0);
	assert_near(ours.memory_limit_bytes, theirs.limit_bytes, 0, 0);
}

static void usage_limit_and_working_set_are_those_of_the_files(void **state)
{
	struct holder h = {.file = *state};
	pid_t pid = start_holder(&h);
	struct truth_memory theirs;
	struct signals ours;

	truth_set_limit(&own, leaf, LIMIT);
	watch_pass(&w);
	theirs = truth_memory(&own, leaf);
	compare(leaf, theirs);
	ours = watch_read(&w, leaf);
	assert_int_equal(ours.memory_limit_bytes, LIMIT);
	assert_true(theirs.usage_bytes >= ANON_BYTES + FILE_BYTES);
	assert_true(theirs.inactive_file_bytes >= FILE_BYTES * 9 / 10);
	assert_near(ours.memory_inactive_file_bytes, theirs.inactive_file_bytes, PART, 0);
	assert_near(ours.memory_usage_bytes - ours.memory_inactive_file_bytes,
		    theirs.usage_bytes - theirs.inactive_file_bytes, PART, 0);
	own_end(pid);
}

static void a_limit_above_is_its_limit_too(void **state)
{
	(void)state;
	truth_set_limit(&own, parent, LIMIT);
	watch_pass(&w);
	assert_int_equal(watch_read(&w, leaf).memory_limit_bytes, LIMIT);
	truth_set_limit(&own, leaf, LIMIT / 2);
	watch_pass(&w);
	assert_int_equal(watch_read(&w, leaf).memory_limit_bytes, LIMIT / 2);
}

/* The kernel adds its statistics up every 2 s, but later for a CPU that is idle; the file itself makes it do so when much
 * is pending, so that the second look has it all. */
static struct signals look_at_composition(struct truth_detail *ret)
{
	struct signals ours;

	for (int i = 0; i < LOOKS; i++) {
		crew_pause(2500);
		watch_pass(&w);
		*ret = truth_detail(&own, leaf);
		ours = watch_read(&w, leaf);
		if (ours.memory_anon_bytes >= ANON_BYTES && ours.memory_file_bytes >= FILE_BYTES)
			break;
	}
	return ours;
}

static void what_it_consists_of_is_what_memory_stat_says(void **state)
{
	struct holder h = {.file = *state};
	pid_t pid = start_holder(&h);
	struct truth_detail theirs;
	struct signals ours;

	ours = look_at_composition(&theirs);
	assert_int_equal(ours.missing & (SIGNAL_NO_DETAIL | SIGNAL_NO_COMPOSITION), 0);
	assert_true(theirs.anon_bytes >= ANON_BYTES && theirs.file_bytes >= FILE_BYTES);
	assert_near(ours.memory_anon_bytes, theirs.anon_bytes, PART, 0);
	assert_near(ours.memory_file_bytes, theirs.file_bytes, PART, 0);
	if (!theirs.legacy)
		assert_near(ours.memory_slab_bytes, theirs.slab_bytes, PART, SLAB_SLACK);
	assert_near(ours.memory_peak_bytes, theirs.peak_bytes, PART, 0);
	assert_int_equal(ours.oom_kills, 0);
	own_end(pid);
}

/* tests/vm/test_memory.c has swap that is in use. */
static void high_and_swap_are_those_of_the_files(void **state)
{
	struct truth_detail theirs;
	struct signals ours;

	(void)state;
	for (uint64_t high = SMALL; high; high -= SMALL / 2) {
		uint64_t expected = truth_set_high(&own, leaf, high) ? high : 0;

		watch_pass(&w);
		theirs = truth_detail(&own, leaf);
		ours = watch_read(&w, leaf);
		assert_int_equal(theirs.high_bytes, expected);
		assert_int_equal(ours.memory_high_bytes, expected);
		assert_int_equal(ours.memory_swap_bytes, theirs.swap_bytes);
	}
	(void)truth_set_high(&own, leaf, 0);
	watch_pass(&w);
	assert_int_equal(watch_read(&w, leaf).memory_high_bytes, 0);
}

static void more_memory_than_the_limit(const void *data)
{
	char *p = mmap(NULL, 2 * SMALL, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)data;
	if (p != MAP_FAILED)
		memset(p, 1, 2 * SMALL);
}

static void each_oom_kill_is_counted(void **state)
{
	(void)state;
	truth_set_limit(&own, leaf, SMALL);
	truth_set(&own, leaf, PLIMSOLL_MEMORY, "memory.swappiness", "0", "memory.swap.max", "0");
	for (unsigned i = 1; i <= 2; i++) {
		pid_t pid = own_spawn(&own, leaf, more_memory_than_the_limit, NULL);
		int status;

		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		watch_pass(&w);
		assert_int_equal(truth_detail(&own, leaf).oom_kills, i);
		assert_int_equal(watch_read(&w, leaf).oom_kills, i);
	}
	assert_near(watch_read(&w, leaf).memory_peak_bytes, SMALL, PART, 0);
}

static void a_parent_includes_its_children(void **state)
{
	struct holder h = {.file = *state};
	pid_t pid = start_holder(&h);
	struct truth_memory theirs;
	uint64_t inactive;

	watch_pass(&w);
	theirs = truth_memory(&own, parent);
	compare(parent, theirs);
	assert_true(theirs.usage_bytes >= ANON_BYTES + FILE_BYTES);
	assert_int_equal(theirs.limit_bytes, 0);
	/* … but file pages are each cgroup's own; v2's file has the children's in it. */
	inactive = watch_read(&w, parent).memory_inactive_file_bytes;
	if (!own.at.mount[PLIMSOLL_MEMORY][0])
		inactive += watch_read(&w, leaf).memory_inactive_file_bytes;
	assert_near(inactive, theirs.inactive_file_bytes, PART, 0);
	own_end(pid);
}

static void usage_falls_when_memory_is_given_back(void **state)
{
	struct holder h = {.file = *state};
	pid_t pid = start_holder(&h);
	uint64_t held;

	watch_pass(&w);
	held = watch_read(&w, leaf).memory_usage_bytes;
	own_end(pid);
	watch_pass(&w);
	compare(leaf, truth_memory(&own, leaf));
	assert_true(watch_read(&w, leaf).memory_usage_bytes + ANON_BYTES * 9 / 10 < held);
}

static int setup(void **state)
{
	static char file[] = "/tmp/plimsoll-memory-XXXXXX";
	int fd;

	strcpy(file + strlen(file) - 6, "XXXXXX");
	fd = mkstemp(file); /* only its name is wanted: the holder's cgroup shall own every page */
	must(fd >= 0);
	close(fd);
	unlink(file);
	own_make(&own, parent);
	own_make(&own, leaf);
	watch_open(&w, SLOTS);
	*state = file;
	return 0;
}

static int teardown(void **state)
{
	watch_close(&w);
	unlink(*state);
	own_clear(&own, parent); /* a test that failed has not ended whom it started */
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(usage_limit_and_working_set_are_those_of_the_files, setup, teardown),
		cmocka_unit_test_setup_teardown(what_it_consists_of_is_what_memory_stat_says, setup, teardown),
		cmocka_unit_test_setup_teardown(high_and_swap_are_those_of_the_files, setup, teardown),
		cmocka_unit_test_setup_teardown(a_limit_above_is_its_limit_too, setup, teardown),
		cmocka_unit_test_setup_teardown(each_oom_kill_is_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(a_parent_includes_its_children, setup, teardown),
		cmocka_unit_test_setup_teardown(usage_falls_when_memory_is_given_back, setup, teardown),
	};

	own_split(&own);
	snprintf(parent, sizeof(parent), "%s/pod", own.top);
	snprintf(leaf, sizeof(leaf), "%s/leaf", parent);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
