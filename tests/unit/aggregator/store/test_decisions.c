/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "aggregator/store/decisions.h"
#include "aggregator/store/ledger.h"
#include "base/clock.h"

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/plimsoll-decisions.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[192];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s %s.gone", folder, folder);
	return system(command);
}

static struct decisions *reopen(struct decisions *d)
{
	struct decisions *again = NULL;
	struct err e;
	int r;

	decisions_free(d);
	r = decisions_open(folder, &again, &e);
	if (r < 0)
		fail_msg("%s: %s", e.what, e.cause);
	return again;
}

static struct decision example(const char *workload, uint64_t wall_unix_ns)
{
	struct decision x = { .wall_unix_ns = wall_unix_ns,
			      .boottime_ns = 7,
			      .load_age_ns = UINT64_MAX,
			      .from = 1,
			      .to = 3,
			      .reason = "metric",
			      .trigger = "cpu 84 % > 60 %",
			      .mode = "Enforce",
			      .outcome = DECISION_ACTING };

	snprintf(x.workload, sizeof(x.workload), "%s", workload);
	snprintf(x.policy, sizeof(x.policy), "%s", workload);
	return x;
}

static uint64_t add(struct decisions *d, const char *workload, uint64_t wall_unix_ns)
{
	struct decision x = example(workload, wall_unix_ns);
	char record[64];

	snprintf(record, sizeof(record), "{\"workload\":\"%s\"}", workload);
	decisions_add(d, &x, record);
	return x.id;
}

static void check_same(const struct decision *x, const struct decision *y)
{
	assert_int_equal(x->id, y->id);
	assert_int_equal(x->wall_unix_ns, y->wall_unix_ns);
	assert_int_equal(x->boottime_ns, y->boottime_ns);
	assert_int_equal(x->load_age_ns, y->load_age_ns);
	assert_int_equal(x->from, y->from);
	assert_int_equal(x->to, y->to);
	assert_string_equal(x->workload, y->workload);
	assert_string_equal(x->policy, y->policy);
	assert_string_equal(x->reason, y->reason);
	assert_string_equal(x->trigger, y->trigger);
	assert_string_equal(x->mode, y->mode);
	assert_string_equal(x->outcome, y->outcome);
}

static void survives_a_restart(void **state)
{
	struct decisions *d = reopen(NULL);
	struct decision x = example("shop", 42), y;
	char *record = NULL;

	(void)state;
	assert_int_equal(decisions_last_id(d), 0);
	assert_int_equal(decisions_last(d, "shop", &y), -ENOENT);
	decisions_add(d, &x, "{\"a\":1}");
	assert_int_equal(x.id, 1);
	assert_int_equal(add(d, "other", 43), 2);
	decisions_set_outcome(d, 1, "failed: exit status 3");
	strcpy(x.outcome, "failed: exit status 3");
	for (int round = 0; round < 2; round++) {
		assert_int_equal(decisions_get(d, 1, &y, &record), 0);
		check_same(&x, &y);
		assert_string_equal(record, "{\"a\":1}");
		free(record);
		assert_int_equal(decisions_last(d, "shop", &y), 0);
		check_same(&x, &y);
		assert_int_equal(decisions_get(d, 3, &y, NULL), -ENOENT);
		assert_int_equal(decisions_get(d, UINT64_MAX, &y, NULL), -ENOENT);
		d = reopen(d);
	}
	assert_int_equal(add(d, "shop", 44), 3);
	assert_null(decisions_trouble(d));
	decisions_free(d);
}

struct seen {
	uint64_t id[16];
	size_t n, stop;
};

static bool see(const struct decision *x, void *data)
{
	struct seen *s = data;

	s->id[s->n++] = x->id;
	return s->n != s->stop;
}

static void check_query(struct decisions *d, const struct decisions_query *q, size_t stop,
			const uint64_t *want, size_t n, uint64_t total)
{
	struct seen s = { .stop = stop };
	uint64_t count;

	assert_int_equal(decisions_each(d, q, see, &s), 0);
	assert_int_equal(s.n, n);
	assert_memory_equal(s.id, want, n * sizeof(*want));
	assert_int_equal(decisions_count(d, q, &count), 0);
	assert_int_equal(count, total);
}

static void check_queries(struct decisions *d)
{
	static const char *const both[] = { "a", "c" };
	const uint64_t all[] = { 4, 3, 2, 1 }, some[] = { 4, 1 }, late[] = { 4, 3 }, old[] = { 2, 1 };

	check_query(d, &(struct decisions_query){ 0 }, 99, all, 4, 4);
	check_query(d, &(struct decisions_query){ 0 }, 2, all, 2, 4);
	check_query(d, &(struct decisions_query){ .workload = both, .n_workload = 2 }, 99, some, 2, 2);
	check_query(d, &(struct decisions_query){ .since_unix_ns = 30 }, 99, late, 2, 2);
	check_query(d, &(struct decisions_query){ .before_id = 3 }, 99, old, 2, 2);
}

static void fill(struct decisions *d)
{
	add(d, "a", 10);
	add(d, "b", 20);
	add(d, "b", 30);
	add(d, "c", 40);
}

static void lists_newest_first(void **state)
{
	struct decisions *d = reopen(NULL);

	(void)state;
	fill(d);
	check_queries(d);
	d = reopen(d);
	check_queries(d);
	decisions_free(d);
}

static clock_boot_t in_s(double seconds)
{
	return (clock_boot_t){ clock_boot().ns + (uint64_t)(seconds * 1e9) };
}

static void pauses(void **state)
{
	struct decisions *d = reopen(NULL);
	struct pause p = { "shop", 5, 0, "sale" };
	uint64_t now = clock_wall().ns;

	(void)state;
	assert_null(decisions_paused(d, "shop", clock_boot()));
	decisions_pause(d, &p);
	p = (struct pause){ "until", now, now + 3600 * CLOCK_NS_PER_S, "" };
	decisions_pause(d, &p);
	for (int round = 0; round < 2; round++) {
		assert_string_equal(decisions_paused(d, "shop", in_s(1e9))->why, "sale");
		assert_non_null(decisions_paused(d, "until", in_s(3500)));
		assert_null(decisions_paused(d, "until", in_s(3700)));
		d = reopen(d);
	}
	assert_true(decisions_resume(d, "shop"));
	assert_false(decisions_resume(d, "shop"));
	d = reopen(d);
	assert_null(decisions_paused(d, "shop", clock_boot()));
	decisions_free(d);
}

/* The wall clock stepped by an hour, or by a second, just after the order: a pause of a minute takes a minute. */
static void steps_of_the_clock_move_no_pause(void **state)
{
	static const double step_s[] = { -3600, -1, 1, 3600 };
	struct decisions *d = reopen(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(step_s) / sizeof(step_s[0]); i++) {
		struct pause p = { "shop", clock_wall().ns - (uint64_t)(int64_t)(step_s[i] * 1e9), 0, "" };

		p.until_unix_ns = p.since_unix_ns + 60 * CLOCK_NS_PER_S;
		decisions_pause(d, &p);
		assert_non_null(decisions_paused(d, "shop", clock_boot()));
		assert_non_null(decisions_paused(d, "shop", in_s(30)));
		assert_null(decisions_paused(d, "shop", in_s(61)));
	}
	assert_true(decisions_resume(d, "shop"));
	decisions_free(d);
}

static void be_killed_in_the_middle(int out)
{
	struct decisions *d;

	if (decisions_open(folder, &d, NULL) < 0)
		_exit(1);
	for (;;) {
		uint64_t id = add(d, "shop", 1);

		decisions_set_outcome(d, id, DECISION_APPLIED);
		if (write(out, &id, sizeof(id)) != sizeof(id))
			_exit(1);
	}
}

static void survives_kill_9(void **state)
{
	uint64_t told = 0, before = 0;

	(void)state;
	for (int round = 0; round < 5; round++) {
		struct decisions *d;
		struct decision x;
		int ends[2];
		pid_t child;

		assert_int_equal(pipe(ends), 0);
		child = fork();
		if (child == 0)
			be_killed_in_the_middle(ends[1]);
		close(ends[1]);
		for (int i = 0; i < 50 + round * 7; i++)
			assert_int_equal(read(ends[0], &told, sizeof(told)), sizeof(told));
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		while (read(ends[0], &told, sizeof(told)) == sizeof(told))
			;
		close(ends[0]);
		d = reopen(NULL);
		assert_true(decisions_last_id(d) >= told && decisions_last_id(d) <= told + 1);
		assert_true(told > before);
		for (uint64_t id = 1; id <= told; id++) {
			assert_int_equal(decisions_get(d, id, &x, NULL), 0);
			if (id > before) /* before that, what a kill interrupted is left as it was */
				assert_string_equal(x.outcome, DECISION_APPLIED);
		}
		before = decisions_last_id(d);
		assert_int_equal(add(d, "shop", 1), before + 1);
		decisions_set_outcome(d, before + 1, DECISION_APPLIED);
		decisions_free(d);
	}
}

static bool mount_small(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", folder, "tmpfs", 0, "size=256k") < 0) {
		printf("# no mount namespace of our own: %s\n", strerror(errno));
		return false;
	}
	return true;
}

static void fill_disk(const char *path)
{
	char block[4096] = "x";
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	assert_true(fd >= 0);
	while (write(fd, block, sizeof(block)) > 0)
		;
	assert_int_equal(errno, ENOSPC);
	close(fd);
}

static void goes_on_when_the_disk_is_full(void **state)
{
	struct decision x;
	struct decisions *d;
	char filler[96];
	uint64_t before = 0;

	(void)state;
	if (!mount_small())
		skip();
	d = reopen(NULL);
	fill(d);
	snprintf(filler, sizeof(filler), "%s/filler", folder);
	fill_disk(filler);
	while (!decisions_trouble(d)) /* the log has some room of its own */
		before = add(d, "late", 50);
	assert_non_null(strstr(decisions_trouble(d), "full"));
	decisions_set_outcome(d, before, "failed: late");
	decisions_set_outcome(d, 1, "failed: later");
	decisions_pause(d, &(struct pause){ "shop", 1, 0, "full" });
	decisions_retry(d);
	assert_int_equal(decisions_waiting(d), 3);
	assert_int_equal(decisions_counters(d)->failures, 5);
	assert_int_equal(decisions_get(d, before, &x, NULL), 0);
	assert_string_equal(x.outcome, "failed: late");
	assert_int_equal(decisions_get(d, 1, &x, NULL), 0);
	assert_string_equal(x.outcome, "failed: later");
	assert_non_null(decisions_paused(d, "shop", clock_boot()));
	unlink(filler);
	decisions_retry(d);
	assert_null(decisions_trouble(d));
	assert_int_equal(decisions_waiting(d), 0);
	d = reopen(d);
	assert_int_equal(decisions_last_id(d), before);
	assert_int_equal(decisions_get(d, before, &x, NULL), 0);
	assert_string_equal(x.outcome, "failed: late");
	assert_string_equal(decisions_paused(d, "shop", clock_boot())->why, "full");
	decisions_free(d);
	umount2(folder, MNT_DETACH);
}

static void file_size_limits_do_not_kill(void **state)
{
	struct decisions *d = reopen(NULL);
	struct rlimit before, small;

	(void)state;
	getrlimit(RLIMIT_FSIZE, &before);
	small = (struct rlimit){ 64 << 10, before.rlim_max };
	setrlimit(RLIMIT_FSIZE, &small);
	for (int i = 0; i < 200 && !decisions_trouble(d); i++)
		add(d, "shop", 1);
	assert_non_null(decisions_trouble(d));
	setrlimit(RLIMIT_FSIZE, &before);
	decisions_retry(d);
	assert_null(decisions_trouble(d));
	assert_int_equal(decisions_counters(d)->written, decisions_last_id(d));
	decisions_free(d);
}

static void follows_its_folder(void **state)
{
	struct decisions *d = reopen(NULL);
	char other[96];

	(void)state;
	fill(d);
	snprintf(other, sizeof(other), "%s.gone", folder);
	assert_int_equal(rename(folder, other), 0);
	assert_int_equal(add(d, "b", 50), 5);
	assert_non_null(decisions_trouble(d));
	decisions_retry(d);
	assert_int_equal(decisions_waiting(d), 1);
	assert_int_equal(mkdir(folder, 0700), 0);
	decisions_retry(d);
	assert_null(decisions_trouble(d));
	d = reopen(d); /* what was there before came along */
	assert_int_equal(decisions_last_id(d), 5);
	assert_int_equal(decisions_get(d, 1, &(struct decision){ 0 }, NULL), 0);
	decisions_free(d);
}

static void limits_what_waits(void **state)
{
	struct decisions *d = reopen(NULL);
	char other[96], *record = malloc((1 << 20) + 1);

	(void)state;
	snprintf(other, sizeof(other), "%s.gone", folder);
	assert_int_equal(rename(folder, other), 0);
	decisions_pause(d, &(struct pause){ "shop", 1, 0, "" });
	for (unsigned i = 0; i < DECISIONS_WAITING + 9; i++)
		add(d, "shop", 1);
	assert_int_equal(decisions_waiting(d), DECISIONS_WAITING);
	assert_int_equal(decisions_counters(d)->lost, 10);
	assert_int_equal(decisions_get(d, 10, &(struct decision){ 0 }, NULL), -ENOENT);
	assert_int_equal(decisions_get(d, 11, &(struct decision){ 0 }, NULL), 0);
	memset(record, 'x', 1 << 20);
	record[1 << 20] = '\0';
	for (int i = 0; i < 40; i++) {
		struct decision x = example("large", 1);

		decisions_add(d, &x, record);
	}
	free(record);
	assert_int_equal(decisions_waiting(d), 33); /* records of 1 MiB each, and the pause */
	assert_int_equal(rename(other, folder), 0);
	decisions_retry(d);
	d = reopen(d);
	assert_non_null(decisions_paused(d, "shop", clock_boot()));
	decisions_free(d);
}

static void prunes(void **state)
{
	struct ledger *l;
	char path[96];
	uint64_t pruned = 0, total = 0, n;

	(void)state;
	snprintf(path, sizeof(path), "%s/x.db", folder);
	assert_int_equal(ledger_open(path, NULL, &l, NULL), 0);
	for (uint64_t id = 1; id <= 20; id++) {
		struct decision x = example("shop", id);

		x.id = id;
		assert_int_equal(ledger_begin(l, false), 0);
		assert_int_equal(ledger_put(l, &x, "0123456789"), 0);
		assert_int_equal(ledger_commit(l, 15, 100, &pruned), 0);
		total += pruned;
	}
	assert_int_equal(total, 10);
	assert_int_equal(ledger_count(l, &(struct decisions_query){ 0 }, &n), 0);
	assert_int_equal(n, 10);
	assert_int_equal(ledger_get(l, 10, &(struct decision){ 0 }, NULL), -ENOENT);
	assert_int_equal(ledger_get(l, 11, &(struct decision){ 0 }, NULL), 0);
	ledger_free(l);
	assert_int_equal(ledger_open(path, NULL, &l, NULL), 0);
	assert_int_equal(ledger_begin(l, false), 0);
	assert_int_equal(ledger_commit(l, 4, 100, &pruned), 0);
	assert_int_equal(pruned, 6);
	assert_int_equal(ledger_begin(l, false), 0); /* a failure forgets what it counted */
	assert_int_equal(ledger_put(l, &(struct decision){ .id = 21 }, "y"), 0);
	assert_int_equal(ledger_put(l, &(struct decision){ .id = 21 }, "y"), -EIO);
	ledger_rollback(l);
	assert_int_equal(ledger_begin(l, false), 0);
	assert_int_equal(ledger_commit(l, 4, 100, &pruned), 0);
	assert_int_equal(pruned, 0);
	assert_int_equal(ledger_last_id(l), 20);
	ledger_free(l);
}

static void check_refused(int code, const char *cause)
{
	struct decisions *d = NULL;
	struct err e;

	assert_int_equal(decisions_open(folder, &d, &e), code);
	assert_null(d);
	assert_non_null(strstr(e.what, folder));
	if (!strstr(e.cause, cause))
		fail_msg("%s", e.cause);
	assert_true(*e.fix);
}

static void spoil(const char *command)
{
	char text[256];

	snprintf(text, sizeof(text), "cd %s && %s", folder, command);
	assert_int_equal(system(text), 0);
}

/* --- one writer */

#define TRIALS 100

/* Orders whenever it may, is stopped after some of them, and goes on. Its orders are bytes in the pipe. */
static void run_first(int orders, unsigned before_stop)
{
	struct decisions *d = NULL;

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when the test fails */
	if (decisions_open(folder, &d, NULL) < 0)
		_exit(1);
	for (unsigned i = 0; i < before_stop + 20; i++) {
		if (i == before_stop)
			raise(SIGSTOP);
		add(d, "shop", i);
		if (!decisions_deposed(d) && write(orders, "o", 1) != 1)
			_exit(2);
	}
	_exit(decisions_deposed(d) && !decisions_waiting(d) ? 0 : 3);
}

static size_t orders_in(int pipe)
{
	char many[256];
	ssize_t n = read(pipe, many, sizeof(many));

	return n < 0 ? 0 : (size_t)n;
}

/* As long as nobody moves the file away there is no takeover; then somebody does. */
static void who_was_stopped_orders_nothing_after_a_takeover(void **state)
{
	(void)state;
	for (unsigned trial = 0; trial < TRIALS; trial++) {
		struct decisions *second = NULL;
		int orders[2], status;
		pid_t first;

		spoil("rm -f *.db*");
		assert_int_equal(pipe2(orders, O_NONBLOCK), 0);
		first = fork();
		if (!first)
			run_first(orders[1], trial % 7);
		assert_int_equal(waitpid(first, &status, WUNTRACED), first);
		assert_true(WIFSTOPPED(status));
		assert_int_equal(orders_in(orders[0]), trial % 7);
		check_refused(-EBUSY, "another process"); /* stopped as it is, it holds the directory */
		spoil("for f in decisions.db*; do mv $f old-$f; done");
		assert_int_equal(decisions_open(folder, &second, NULL), 0);
		assert_int_equal(kill(first, SIGCONT), 0);
		assert_int_equal(waitpid(first, &status, 0), first);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
		assert_int_equal(orders_in(orders[0]), 0);
		assert_false(decisions_deposed(second));
		assert_int_equal(decisions_last_id(second), 0); /* nothing of the first is in it */
		decisions_free(second);
		close(orders[0]);
		close(orders[1]);
	}
	spoil("rm -f *.db*");
}

static void refuses_what_it_cannot_trust(void **state)
{
	struct decisions *d = reopen(NULL);

	(void)state;
	check_refused(-EBUSY, "another process");
	for (int i = 0; i < 500; i++)
		add(d, "shop", 1);
	decisions_free(d);
	/* A page in the middle; the first ones stay good. */
	spoil("dd if=/dev/urandom of=" DECISIONS_FILE
	      " bs=4096 seek=12 count=4 conv=notrunc 2>/dev/null");
	check_refused(-EBADMSG, "damaged");
	spoil("echo this is no database, and long enough to be read as one > " DECISIONS_FILE);
	check_refused(-EBADMSG, "damaged");
	spoil("rm -f " DECISIONS_FILE "*");
	decisions_free(reopen(NULL));
	spoil("printf '\\0\\0\\0\\7' | dd of=" DECISIONS_FILE
	      " bs=1 seek=60 conv=notrunc 2>/dev/null"); /* user_version */
	check_refused(-EPROTO, "version 7");
	spoil("printf 'abcd' | dd of=" DECISIONS_FILE
	      " bs=1 seek=68 conv=notrunc 2>/dev/null"); /* application_id */
	check_refused(-EPROTO, "another program");
	spoil("rm -f " DECISIONS_FILE "* && mkdir " DECISIONS_FILE);
	check_refused(-ENOENT, "");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
		TEST(survives_a_restart),
		TEST(lists_newest_first),
		TEST(pauses),
		TEST(steps_of_the_clock_move_no_pause),
		TEST(survives_kill_9),
		TEST(file_size_limits_do_not_kill),
		TEST(follows_its_folder),
		TEST(limits_what_waits),
		TEST(prunes),
		TEST(who_was_stopped_orders_nothing_after_a_takeover),
		TEST(refuses_what_it_cannot_trust),
		TEST(goes_on_when_the_disk_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
