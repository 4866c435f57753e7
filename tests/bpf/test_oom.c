/* SPDX-License-Identifier: Apache-2.0 */
/* Who was killed for want of memory, by forced OOM kills of processes that this test names. */
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
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/obj.h"
#include "scene.h"
#include "truth.h"

#define MIB   (1u << 20)
#define LIMIT (24 * MIB)
#define LOT   (48 * MIB) /* more than the limit */
#define PART  (14 * MIB) /* two of them are more than the limit */
#define TRIES 10

static struct own_cgroups own;
static struct watch w;
static char pod[SCENE_PATH], greedy[SCENE_PATH], brief[SCENE_PATH + 8];
static struct scene scene = {&own, &w, {{"pod", pod}, {"pod/greedy", greedy}}};

static void *use(size_t bytes)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED);
	return memset(p, 1, bytes);
}

static void use_too_much(const void *name)
{
	must(prctl(PR_SET_NAME, name) == 0);
	use(LOT);
}

static void use_a_part(const void *data)
{
	(void)data;
	use(PART);
}

/* Whoever needs memory, the kernel kills this one first. */
static void wait_as_prey(const void *data)
{
	const int *ready = data;
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	must(fd >= 0 && write(fd, "1000", 4) == 4 && prctl(PR_SET_NAME, "prey") == 0);
	use(PART);
	must(write(ready[1], "r", 1) == 1);
	for (;;)
		pause();
}

static int status_of(pid_t pid)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static pid_t kill_one(const char *path, const char *name)
{
	pid_t pid = own_spawn(&own, path, use_too_much, name);
	int status = status_of(pid);

	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	return pid;
}

static void limit_pod(void)
{
	truth_set_limit(&own, pod, LIMIT);
	truth_set(&own, pod, PLIMSOLL_MEMORY, "memory.swappiness", "0", "memory.swap.max", "0");
}

static void assert_victim(const struct signals *s, pid_t pid, const char *name, unsigned count)
{
	assert_int_equal(s->missing & SIGNAL_NO_OOM, 0);
	assert_int_equal(s->victim.pid, pid);
	assert_string_equal(s->victim.comm, name);
	assert_int_equal(s->victim.count, count);
}

static void the_victim_is_named(void **state)
{
	const char name[] = "h\x1b[31m\xff of all"; /* its own choice: any bytes */
	uint64_t began = clock_boot().ns;
	struct signals s;
	pid_t pid;

	(void)state;
	limit_pod();
	pid = kill_one(greedy, name);
	watch_pass(&w);
	s = watch_read(&w, greedy);
	assert_victim(&s, pid, name, 1);
	assert_in_range(s.victim.at_ns, began, clock_boot().ns);
	assert_int_equal(truth_detail(&own, greedy).oom_kills, 1);
	s = watch_read(&w, pod); /* whose limit it was */
	assert_victim(&s, 0, "", 0);
}

static void of_several_between_two_samples_the_last_is_told_and_all_are_counted(void **state)
{
	struct signals s;
	pid_t last;

	(void)state;
	limit_pod();
	kill_one(greedy, "first of three");
	kill_one(greedy, "second");
	last = kill_one(greedy, "third");
	watch_pass(&w);
	s = watch_read(&w, greedy);
	assert_victim(&s, last, "third", 3);
	watch_pass(&w);
	s = watch_read(&w, greedy);
	assert_victim(&s, last, "third", 3);
}

/* It needs what the prey has, which is killed for it. False: so is it, for that was not free yet when it asked again. */
static bool lives_on_prey(const char *own_path, pid_t *ret_prey)
{
	int ready[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	own_make(&own, own_path);
	*ret_prey = own_spawn(&own, greedy, wait_as_prey, ready);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return WIFEXITED(status_of(own_spawn(&own, own_path, use_a_part, NULL))) & WIFSIGNALED(status_of(*ret_prey));
}

/* The kernel marks the victim in the time of the task that wants memory. */
static void it_is_told_of_the_victims_cgroup_and_not_of_who_wanted_the_memory(void **state)
{
	char small[SCENE_PATH + 16];
	unsigned tries = 0;
	struct signals s;
	pid_t prey;

	(void)state;
	limit_pod();
	do {
		assert_true(tries < TRIES);
		snprintf(small, sizeof(small), "%s/small%u", pod, ++tries);
	} while (!lives_on_prey(small, &prey));
	watch_pass(&w);
	s = watch_read(&w, greedy);
	assert_victim(&s, prey, "prey", tries);
	s = watch_read(&w, small);
	assert_victim(&s, 0, "", 0);
}

static void a_cgroup_that_lived_between_two_samples_has_its_victim(void **state)
{
	pid_t pid;

	(void)state;
	limit_pod();
	w.mourned = brief;
	watch_pass(&w);
	own_make(&own, brief);
	pid = kill_one(brief, "brief");
	own_remove(&own, brief);
	watch_pass(&w);
	assert_victim(&w.last, pid, "brief", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(the_victim_is_named, &scene),
		SCENE_TEST(of_several_between_two_samples_the_last_is_told_and_all_are_counted, &scene),
		SCENE_TEST(it_is_told_of_the_victims_cgroup_and_not_of_who_wanted_the_memory, &scene),
		SCENE_TEST(a_cgroup_that_lived_between_two_samples_has_its_victim, &scene),
	};

	scene_split(&scene);
	snprintf(brief, sizeof(brief), "%s/brief", pod);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
