/* SPDX-License-Identifier: Apache-2.0 */
/* Major faults of a task that stays and of tasks that end, against what the kernel counts for each and the cgroup. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/obj.h"
#include "own_file.h"
#include "scene.h"
#include "truth.h"

#define FILE_BYTES (48 * OWN_FILE_MIB)
#define STRIDE	   (256u << 10) /* farther apart than what one fault reads around it */
#define LIVES	   8
#define SLACK	   8 /* faults of a task aside from those it counts, such as on its own program */

static struct own_cgroups own;
static struct watch w;
static char path[SCENE_PATH], other[SCENE_PATH];

struct task { /* shared with the process */
	int fd;
	long major_faults;
};

static struct task *task;

static void touch_pages(struct task *t)
{
	volatile char *p = mmap(NULL, FILE_BYTES, PROT_READ, MAP_SHARED, t->fd, 0);
	struct rusage before, after;

	must(p != MAP_FAILED && madvise((void *)(uintptr_t)p, FILE_BYTES, MADV_RANDOM) == 0);
	getrusage(RUSAGE_SELF, &before);
	for (size_t i = 0; i < FILE_BYTES; i += STRIDE)
		(void)p[i];
	getrusage(RUSAGE_SELF, &after);
	must(munmap((void *)(uintptr_t)p, FILE_BYTES) == 0);
	t->major_faults += after.ru_majflt - before.ru_majflt;
}

static void touch_and_end(const void *data)
{
	touch_pages((struct task *)(uintptr_t)data);
}

enum { IDLE, TOUCH };

static void obey(int order, void *data)
{
	if (order == TOUCH)
		touch_pages(data);
}

static struct actor actor = {.obey = obey};
static struct scene scene = {&own, &w, {{"faults", path}, {"other", other}}, .actor = &actor};

static void forget(void)
{
	own_file_forget(task->fd);
	task->major_faults = 0;
}

static uint64_t told(void)
{
	struct signals s;

	watch_pass(&w);
	s = watch_read(&w, path);
	assert_int_equal(s.missing & SIGNAL_NO_TASKS, 0);
	return s.major_faults;
}

struct count {
	uint64_t ours, kernels;
};

static struct count count(void)
{
	return (struct count){told(), truth_detail(&own, path).major_faults};
}

/* `lives` processes did what they did. */
static void compare(struct count before, unsigned lives)
{
	struct count now = count();
	uint64_t grown = now.ours - before.ours, kernels = now.kernels - before.kernels;
	uint64_t own_count = (uint64_t)task->major_faults, slack = SLACK * (uint64_t)lives;

	print_message("  %llu, of %llu by getrusage() and %llu by memory.stat\n", (unsigned long long)grown,
		      (unsigned long long)own_count, (unsigned long long)kernels);
	assert_true(own_count >= lives * (FILE_BYTES / STRIDE / 2)); /* else this showed nothing */
	assert_in_range(grown, own_count, own_count + slack);
	assert_in_range(grown, kernels - slack, kernels + slack);
	assert_int_equal(watch_read(&w, other).major_faults, 0);
}

static void those_of_a_task_that_stays(void **state)
{
	struct count before;

	(void)state;
	actor_start(&actor, &own, path);
	for (int i = 0; i < 2; i++) {
		before = count();
		forget();
		actor_tell(&actor, TOUCH);
		compare(before, 1);
	}
}

static void those_of_tasks_that_nobody_saw_alive(void **state)
{
	struct count before = count();
	int status;

	(void)state;
	forget();
	for (int i = 0; i < LIVES; i++) {
		pid_t pid = own_spawn(&own, path, touch_and_end, task);

		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		own_file_forget(task->fd);
	}
	compare(before, LIVES);
}

/* Once it was seen, what it did up to its end counts, and nothing twice. */
static void those_of_a_task_that_ends_after_a_sample(void **state)
{
	struct count before = count();

	(void)state;
	actor_start(&actor, &own, path);
	forget();
	actor_tell(&actor, TOUCH);
	(void)told();
	own_file_forget(task->fd);
	actor_tell(&actor, TOUCH);
	actor_end(&actor);
	(void)told();
	compare(before, 2);
}

static void those_before_the_probe_are_not_told(void **state)
{
	struct count before;

	(void)state;
	actor_start(&actor, &own, path);
	forget();
	actor_tell(&actor, TOUCH);
	assert_true(task->major_faults > SLACK); /* else this showed nothing */
	watch_close(&w);
	watch_open(&w, SCENE_SLOTS);
	assert_in_range(told(), 0, SLACK);
	before = count();
	forget();
	actor_tell(&actor, TOUCH);
	compare(before, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(those_of_a_task_that_stays, &scene),
		SCENE_TEST(those_of_tasks_that_nobody_saw_alive, &scene),
		SCENE_TEST(those_of_a_task_that_ends_after_a_sample, &scene),
		SCENE_TEST(those_before_the_probe_are_not_told, &scene),
	};

	scene_split(&scene);
	task = actor.data = actor_share(sizeof(*task));
	task->fd = own_file(FILE_BYTES);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
