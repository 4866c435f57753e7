/* SPDX-License-Identifier: Apache-2.0 */
/* A program that the kernel refuses takes its own part with it and no other; one of the core takes all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <bpf/libbpf.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "agent/probe/programs.h"
#include "programs.skel.h"

struct spoilt {
	const char *program[2]; /* these get a type and an attach type that do not go together */
	int rounds;
};

static void spoil(struct programs_bpf *b, void *data)
{
	struct spoilt *s = data;

	s->rounds++;
	for (int i = 0; i < 2 && s->program[i]; i++) {
		struct bpf_program *p = bpf_object__find_program_by_name(b->obj, s->program[i]);

		assert_non_null(p);
		assert_int_equal(bpf_program__set_type(p, BPF_PROG_TYPE_SK_LOOKUP), 0);
		assert_int_equal(bpf_program__set_expected_attach_type(p, BPF_SK_MSG_VERDICT), 0);
	}
}

static int load(struct programs *p, struct spoilt *s, bool unified, struct err *e)
{
	return programs_load(p, unified, SIGNAL_NO_REQUESTS, spoil, s, e);
}

static int number_of(const char *part)
{
	for (int i = 0; parts[i]; i++)
		if (strcmp(parts[i]->name, part) == 0)
			return i;
	fail_msg("no part %s", part);
	return -1;
}

/* Exactly these are refused. */
static void expect_refused(const struct programs *p, const char *a, const char *b, const char *c)
{
	for (int i = 0; parts[i]; i++) {
		bool expected = (a && i == number_of(a)) || (b && i == number_of(b)) || (c && i == number_of(c));

		assert_int_equal(p->refused[i] < 0, expected);
	}
}

static bool is_loaded(const struct programs *p, const char *program)
{
	return bpf_program__fd(bpf_object__find_program_by_name(p->bpf->obj, program)) >= 0;
}

static void all_are_loaded_at_once(void **state)
{
	struct spoilt s = {0};
	struct programs p;
	struct err e;

	(void)state;
	assert_int_equal(load(&p, &s, true, &e), 0);
	assert_int_equal(s.rounds, 1);
	expect_refused(&p, NULL, NULL, NULL);
	assert_true(is_loaded(&p, "tcp_look"));
	programs_close(&p);
	programs_close(&p);
}

static void a_refused_program_takes_only_its_part(void **state)
{
	struct spoilt s = {.program = {"tcp_look", "reclaim_direct_end"}};
	struct programs p;
	struct err e;

	(void)state;
	assert_int_equal(load(&p, &s, true, &e), 0);
	assert_int_equal(s.rounds, 3);
	expect_refused(&p, "tcp", "reclaim", NULL);
	assert_false(is_loaded(&p, "tcp_look"));
	assert_false(is_loaded(&p, "tcp_changes"));
	assert_true(is_loaded(&p, "listen_changes"));
	assert_true(is_loaded(&p, "sched_switch"));
	assert_int_equal(programs_attach(p.bpf, "block"), 0);
	assert_non_null(p.bpf->links.block_rq_complete);
	programs_detach(p.bpf, "block");
	assert_null(p.bpf->links.block_rq_complete);
	programs_close(&p);
}

static void without_v2_there_are_no_parts_of_v2(void **state)
{
	struct spoilt s = {0};
	struct programs p;
	struct err e;

	(void)state;
	assert_int_equal(load(&p, &s, false, &e), 0);
	assert_int_equal(s.rounds, 1);
	expect_refused(&p, "listen", "net", "request");
	assert_int_equal(p.refused[number_of("net")], -ENODEV);
	programs_close(&p);
}

static void what_nobody_asked_for_is_not_loaded(void **state)
{
	struct spoilt s = {0};
	struct programs p;
	struct err e;

	(void)state;
	assert_int_equal(programs_load(&p, true, 0, spoil, &s, &e), 0);
	expect_refused(&p, "request", NULL, NULL);
	assert_int_equal(p.refused[number_of("request")], -ECANCELED);
	assert_false(is_loaded(&p, "request_heard"));
	programs_close(&p);
}

static void a_refused_program_of_the_core_is_an_error(void **state)
{
	struct spoilt s = {.program = {"cgroup_born"}};
	struct programs p;
	struct err e;

	(void)state;
	assert_int_equal(load(&p, &s, true, &e), -EOPNOTSUPP);
	assert_int_equal(s.rounds, 1);
	assert_null(p.bpf);
	assert_non_null(strstr(e.cause, "cgroup_born"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_loaded_at_once),
		cmocka_unit_test(a_refused_program_takes_only_its_part),
		cmocka_unit_test(without_v2_there_are_no_parts_of_v2),
		cmocka_unit_test(what_nobody_asked_for_is_not_loaded),
		cmocka_unit_test(a_refused_program_of_the_core_is_an_error),
	};

	if (geteuid() != 0) {
		print_message("SKIP: loading programs needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
