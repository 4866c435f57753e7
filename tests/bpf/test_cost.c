/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock in the programs against the kernel's run statistics, in turns under one load. The kernel's
 * have its own two readings of the clock in them: what it says of an empty program at the same switches, or of
 * one in a walk of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <bpf/bpf.h>
#include <cmocka.h>
#include <math.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crew.h"
#include "empty.skel.h"
#include "empty_walk.skel.h"
#include "own_cgroups.h"
#include "run_stats.h"
#include "watch.h"

#define TURNS	 9
#define TURN_MS	 200
#define LOAD_CPU 1
#define WALKS	 20
#define DATAGRAMS 5000
/* What of a run the two may disagree about: the programs' entry and exit are outside our clock, and the
 * load's caches are not the same in any two turns. */
#define PART	 0.35
#define EDGE_NS	 25

static struct own_cgroups own;
static struct watch w;
static struct empty_bpf *empty;
static struct empty_walk_bpf *empty_walk;
static char path[OWN_PATH + 16];

static int begin(void **state)
{
	(void)state;
	watch_open(&w, 2048);
	empty = empty_bpf__open_and_load();
	empty_walk = empty_walk_bpf__open_and_load();
	return empty && empty_walk ? empty_bpf__attach(empty) | empty_walk_bpf__attach(empty_walk) : -1;
}

static int end(void **state)
{
	(void)state;
	empty_bpf__destroy(empty);
	empty_walk_bpf__destroy(empty_walk);
	watch_close(&w);
	return 0;
}

/* Two tasks of one CPU that wake each other. */
_Noreturn static void ping_pong(const void *data)
{
	int there[2], back[2];
	cpu_set_t one;
	char byte = 0;

	(void)data;
	CPU_ZERO(&one);
	CPU_SET(LOAD_CPU, &one);
	if (sched_setaffinity(0, sizeof(one), &one) < 0 || pipe(there) < 0 || pipe(back) < 0)
		_exit(1);
	if (fork() == 0)
		while (read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1)
			;
	while (write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1)
		;
	_exit(1);
}

static double mean_since(struct run_stats before, struct run_stats after)
{
	return after.runs > before.runs ? (double)(after.ns - before.ns) / (double)(after.runs - before.runs) : 0;
}

static double kernel_says_ns(const char *program)
{
	struct run_stats ours = run_stats_of(program), none = run_stats_of("empty");
	int fd = run_stats_start();
	double net;

	crew_pause(TURN_MS);
	net = mean_since(ours, run_stats_of(program)) - mean_since(none, run_stats_of("empty"));
	close(fd);
	return net;
}

static double we_say_ns(void)
{
	probe_measure(w.probe, true);
	crew_pause(TURN_MS);
	probe_measure(w.probe, false);
	return watch_stats(&w).cost[PROBE_SWITCH].ns_per_run;
}

static int order(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *values)
{
	qsort(values, TURNS, sizeof(*values), order);
	return values[TURNS / 2];
}

static void assert_agree(const char *what, double ours, double theirs)
{
	print_message("  %s: we say %.0f ns a run, the kernel %.0f\n", what, ours, theirs);
	if (fabs(ours - theirs) > theirs * PART + EDGE_NS)
		fail_msg("%s: %.0f ns is not %.0f", what, ours, theirs);
}

static void the_switch_takes_what_the_kernel_says(void **state)
{
	double ours[TURNS], theirs[TURNS];
	pid_t load = own_spawn(&own, path, ping_pong, NULL);

	(void)state;
	for (int i = 0; i < TURNS; i++) {
		ours[i] = we_say_ns();
		theirs[i] = kernel_says_ns("sched_switch");
	}
	own_end(load);
	assert_agree("a switch", median(ours), median(theirs));
	assert_true(watch_stats(&w).others_share >= watch_stats(&w).cost[PROBE_SWITCH].share);
}

static double we_say_of_walks(int which)
{
	probe_measure(w.probe, true);
	for (int i = 0; i < WALKS; i++)
		watch_pass(&w);
	probe_measure(w.probe, false);
	return watch_stats(&w).cost[which].ns_per_run;
}

static void walk_emptily(void)
{
	int fd = bpf_iter_create(bpf_link__fd(empty_walk->links.empty_walk));
	char nothing[16];

	assert_true(fd >= 0);
	while (read(fd, nothing, sizeof(nothing)) > 0)
		;
	close(fd);
}

/* Less its own two readings: what it says of an empty program, whose walk comes right after each of ours. */
static double kernel_says_of_walks(const char *program)
{
	struct run_stats ours = run_stats_of(program), none = run_stats_of("empty_walk");
	int fd = run_stats_start();
	double net;

	for (int i = 0; i < WALKS; i++) {
		watch_pass(&w);
		walk_emptily();
	}
	net = mean_since(ours, run_stats_of(program)) - mean_since(none, run_stats_of("empty_walk"));
	close(fd);
	return net;
}

static void compare_walks(const char *what, const char *program, int which)
{
	double ours[TURNS], theirs[TURNS];

	for (int i = 0; i < TURNS; i++) {
		ours[i] = we_say_of_walks(which);
		theirs[i] = kernel_says_of_walks(program);
	}
	assert_true(median(ours) > 0);
	assert_agree(what, median(ours), median(theirs));
}

static void the_walks_take_what_the_kernel_says(void **state)
{
	(void)state;
	compare_walks("a cgroup of a pass", "cgroup_pass", PROBE_CGROUP);
	compare_walks("a task of a walk", "task_pass", PROBE_TASK);
}

/* The kernel times the program with our clock in it. */
static void our_clock_costs_only_while_it_is_on(void **state)
{
	double off[TURNS], on[TURNS];
	pid_t load = own_spawn(&own, path, ping_pong, NULL);

	(void)state;
	for (int i = 0; i < TURNS; i++) {
		off[i] = kernel_says_ns("sched_switch");
		probe_measure(w.probe, true);
		on[i] = kernel_says_ns("sched_switch");
		probe_measure(w.probe, false);
	}
	own_end(load);
	print_message("  a switch: %.0f ns, with the clock on %.0f\n", median(off), median(on));
	assert_true(median(on) > 1.2 * median(off));
}

static bool says(int part, const char *level)
{
	struct probe_part parts[PROBE_PARTS_MAX];
	struct probe_notice notices[32];
	int n = probe_notices(w.probe, notices, 32);

	probe_parts(w.probe, parts);
	for (int i = 0; i < n; i++)
		if (strcmp(notices[i].id, parts[part].name) == 0)
			return strcmp(notices[i].level, level) == 0;
	return false;
}

static uint32_t missing_now(void)
{
	watch_pass(&w);
	return watch_read(&w, path).missing;
}

static void what_is_left_out_is_missing_until_it_comes_back(void **state)
{
	struct probe_part parts[PROBE_PARTS_MAX];
	int n = probe_parts(w.probe, parts);
	uint32_t before = missing_now(), without;

	(void)state;
	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		assert_true(parts[i].open && parts[i].on);
		probe_set_on(w.probe, i, false, "the test wants it");
		without = missing_now();
		assert_true((without & ~before) != 0);
		assert_true(says(i, "warn"));
		probe_set_on(w.probe, i, true, "");
		assert_int_equal(missing_now(), before);
		assert_true(says(i, "ok"));
	}
}

static void a_part_that_is_left_out_does_not_look(void **state)
{
	struct probe_part before[PROBE_PARTS_MAX], after[PROBE_PARTS_MAX];
	int task = watch_part(&w, "task"), listen = watch_part(&w, "listen");

	(void)state;
	probe_set_on(w.probe, task, false, "");
	probe_parts(w.probe, before);
	for (int i = 0; i < WALKS; i++)
		watch_pass(&w);
	probe_parts(w.probe, after);
	assert_true(after[task].pass_ns == before[task].pass_ns);
	assert_true(after[listen].pass_ns > before[listen].pass_ns);
}

/* Datagrams to ourselves: each passes the programs of `net` twice. */
static void send_datagrams(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(to);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char text[64] = "";

	assert_int_equal(bind(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&to, &size), 0);
	for (int i = 0; i < DATAGRAMS; i++) {
		assert_int_equal(sendto(fd, text, sizeof(text), 0, (struct sockaddr *)&to, size), sizeof(text));
		assert_int_equal(recv(fd, text, sizeof(text), 0), sizeof(text));
	}
	close(fd);
}

static double ns_per_packet(void)
{
	probe_measure(w.probe, true);
	send_datagrams();
	probe_measure(w.probe, false);
	return watch_stats(&w).cost[PROBE_NET].ns_per_run;
}

static void what_is_left_out_costs_next_to_nothing(void **state)
{
	double on[TURNS], off[TURNS];
	int net = watch_part(&w, "net");

	(void)state;
	for (int i = 0; i < TURNS; i++) {
		on[i] = ns_per_packet();
		probe_set_on(w.probe, net, false, "");
		off[i] = ns_per_packet();
		probe_set_on(w.probe, net, true, "");
	}
	print_message("  a packet: %.0f ns, left out %.0f\n", median(on), median(off));
	assert_true(median(off) < median(on) / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_switch_takes_what_the_kernel_says, begin, end),
		cmocka_unit_test_setup_teardown(the_walks_take_what_the_kernel_says, begin, end),
		cmocka_unit_test_setup_teardown(our_clock_costs_only_while_it_is_on, begin, end),
		cmocka_unit_test_setup_teardown(what_is_left_out_is_missing_until_it_comes_back, begin, end),
		cmocka_unit_test_setup_teardown(a_part_that_is_left_out_does_not_look, begin, end),
		cmocka_unit_test_setup_teardown(what_is_left_out_costs_next_to_nothing, begin, end),
	};

	own_split(&own);
	snprintf(path, sizeof(path), "%s/load", own.top);
	own_make(&own, path);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
