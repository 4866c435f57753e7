/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's side of the names, with a helper that the test plays over a socket, and a machine it makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/metrics.h"
#include "agent/names/account.h"
#include "agent/names/door.h"
#include "agent/names/names.h"
#include "agent/names/word.h"
#include "unit/agent/machine.h"

#define WEB   "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define PAUSE "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UID   "6a4f2f0e-3b1c-4d5e-8f90-a1b2c3d4e5f6"

static struct machine m;
static struct fake web, pause_row, docker, unit, forged;
static struct loop *loop;
static struct names *names;
static int far; /* the helper's end */

static void heard(void *data)
{
	(void)data;
	loop_stop(loop);
}

/* Lets the names hear what was said. */
static void turn(void)
{
	struct loop_timer *t = loop_timer_new(loop, heard, NULL);

	loop_timer_start(t, 20 * CLOCK_NS_PER_MS, 0);
	loop_run(loop);
	loop_timer_close(t);
}

static void say(const struct names_word *w, size_t size)
{
	assert_int_equal(send(far, w, size, 0), size);
	turn();
}

static void tell(enum names_tell what)
{
	const struct names_word w = {.tell = what};

	say(&w, sizeof(w));
}

static void tell_entry(enum names_tell what, const char *id, const char *container, bool sandbox)
{
	struct names_word w = {.tell = what, .entry = {.sandbox = sandbox, .attempt_known = true, .attempt = 2}};

	snprintf(w.entry.id, sizeof(w.entry.id), "%s", id);
	snprintf(w.entry.pod_uid, sizeof(w.entry.pod_uid), "other-uid");
	snprintf(w.entry.pod_namespace, sizeof(w.entry.pod_namespace), "shop");
	snprintf(w.entry.pod, sizeof(w.entry.pod), "web-1");
	snprintf(w.entry.container, sizeof(w.entry.container), "%s", container);
	say(&w, sizeof(w));
}

static void tell_state(bool connected, const char *text)
{
	struct names_word w = {.tell = NAMES_STATE, .state = {.connected = connected, .lists = 3}};

	snprintf(w.state.runtime, sizeof(w.state.runtime), "containerd");
	snprintf(w.state.text, sizeof(w.state.text), "%s", text);
	say(&w, sizeof(w));
}

/* Whether the helper was asked since the last time. */
static bool asked(void)
{
	char byte = 0;
	bool any = false;

	while (recv(far, &byte, 1, MSG_DONTWAIT) == 1)
		any = byte == NAMES_ASK;
	return any;
}

static const struct sample_row *row_of(const struct fake *f)
{
	size_t n;
	struct sample_row *const *rows = sample_rows(m.sample, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i]->cgroup, f->cgroup.path) == 0)
			return rows[i];
	fail_msg("no row of %s", f->cgroup.path);
	return NULL;
}

static void second(void)
{
	machine_second(&m);
	names_apply(names, m.sample, clock_boot());
}

/* The others know nothing. */
static void observe(void)
{
	struct names *all[NAMES_KINDS];

	for (int i = 0; i < NAMES_KINDS; i++)
		all[i] = i == NAMES_CRI ? names : names_start((enum names_kind)i, DOOR_NONE, NULL);
	account_observe(all);
	for (int i = 0; i < NAMES_KINDS; i++)
		if (i != NAMES_CRI)
			names_free(all[i]);
}

static int setup_for(enum names_kind kind)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	far = pair[1];
	loop = loop_new();
	names = names_from(kind, pair[0], "unix:/run/x.sock");
	names_listen(names, loop);
	machine_init(&m);
	bear(&m, &web, "/kubepods/pod" UID "/" WEB, &m.root);
	bear(&m, &pause_row, "/kubepods/pod" UID "/" PAUSE, &m.root);
	bear(&m, &docker, "/docker/" WEB, &m.root);
	bear(&m, &unit, "/ssh.service", &m.root);
	bear(&m, &forged, "/user.slice/user-1000.slice/user@1000.service/cri-containerd-" WEB ".scope", &m.root);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	return setup_for(NAMES_CRI);
}

static int setup_docker(void **state)
{
	(void)state;
	return setup_for(NAMES_DOCKER);
}

static int teardown(void **state)
{
	(void)state;
	names = names_free(names);
	machine_done(&m);
	loop = loop_free(loop);
	close(far);
	return 0;
}

static void rows_get_what_the_runtime_knows(void **state)
{
	const struct sample_row *r;

	(void)state;
	tell_state(true, "1.6");
	tell(NAMES_BEGIN);
	tell_entry(NAMES_ENTRY, WEB, "api", false);
	tell_entry(NAMES_ENTRY, PAUSE, "pause", true);
	tell(NAMES_END);
	second();
	r = row_of(&web);
	assert_int_equal(r->kind, IDENTITY_POD_CONTAINER);
	assert_string_equal(r->name, "api");
	assert_string_equal(r->pod_namespace, "shop");
	assert_string_equal(r->pod_name, "web-1");
	assert_string_equal(r->pod_uid, UID); /* the path's own */
	assert_string_equal(r->runtime, "containerd");
	assert_true(r->renamed);
	assert_int_equal(r->now.restarts, 2);
	assert_int_equal(r->now.missing & SIGNAL_NO_RESTARTS, 0);
	assert_int_equal(row_of(&pause_row)->kind, IDENTITY_SANDBOX);
	assert_false(row_of(&docker)->named); /* the same id: it is Docker's */
	assert_false(row_of(&forged)->named); /* the same id, which any user can read and use */
	second();
	assert_false(row_of(&web)->renamed);
	assert_true(row_of(&web)->named);
}

static void a_row_that_waited_is_renamed_when_its_name_comes(void **state)
{
	(void)state;
	second();
	assert_string_equal(row_of(&web)->name, "9f86d081884c");
	tell_entry(NAMES_ENTRY, WEB, "api", false);
	second();
	assert_true(row_of(&web)->renamed);
	assert_false(row_of(&web)->fresh);
}

static void unknown_containers_are_asked_for_less_and_less(void **state)
{
	uint64_t born_ns;
	unsigned times = 0;

	(void)state;
	second();
	assert_true(asked());
	born_ns = row_of(&web)->first_seen.ns;
	for (uint64_t s = 1; s <= 300; s++) {
		machine_second(&m);
		names_apply(names, m.sample, (clock_boot_t){born_ns + s * CLOCK_NS_PER_S + CLOCK_NS_PER_MS});
		times += asked();
	}
	assert_int_equal(times, 7); /* after 1, 2, 4, 8, 16, 32 and 60 s */
	observe();
	assert_int_equal(agent_get(agent_names_missing), 2);
}

static void nobody_is_asked_about_what_is_known_or_no_containers(void **state)
{
	(void)state;
	tell_entry(NAMES_ENTRY, WEB, "api", false);
	tell_entry(NAMES_ENTRY, PAUSE, "pause", true);
	second();
	assert_false(asked());
	observe();
	assert_int_equal(agent_get(agent_names_missing), 0);
	assert_int_equal(agent_get(agent_names_known), 2);
}

static void names_that_a_list_lacks_are_forgotten(void **state)
{
	(void)state;
	tell_entry(NAMES_ENTRY, WEB, "api", false);
	tell_entry(NAMES_ENTRY, PAUSE, "pause", true);
	tell(NAMES_BEGIN);
	tell_entry(NAMES_ENTRY, WEB, "api", false);
	tell(NAMES_END);
	observe();
	assert_int_equal(agent_get(agent_names_known), 1);
	tell_entry(NAMES_GONE, WEB, "", false);
	observe();
	assert_int_equal(agent_get(agent_names_known), 0);
}

static void nonsense_is_counted_and_does_no_harm(void **state)
{
	struct names_word w = {.tell = NAMES_ENTRY};
	uint64_t before = agent_get(agent_names_words_refused_total);

	(void)state;
	say(&w, sizeof(w)); /* no id */
	say(&w, 7);
	w.tell = (enum names_tell)77;
	say(&w, sizeof(w));
	memset(&w, 0xff, sizeof(w));
	w.tell = NAMES_STATE;
	say(&w, sizeof(w)); /* texts without an end */
	assert_int_equal(agent_get(agent_names_words_refused_total), before + 4);
	tell_entry(NAMES_ENTRY, WEB, "api", false);
	second();
	assert_string_equal(row_of(&web)->name, "api");
}

static void expect_notice(const char *level, const char *text)
{
	struct probe_notice n;

	assert_true(account_notice(names, &n));
	assert_string_equal(n.level, level);
	if (!strstr(n.text, text))
		fail_msg("\"%s\" is not in \"%s\"", text, n.text);
}

static void the_notice_says_how_it_stands(void **state)
{
	(void)state;
	expect_notice("ok", "not asked yet");
	tell_state(true, "1.6");
	expect_notice("ok", "containerd 1.6 at unix:/run/x.sock");
	tell_state(false, "no such file");
	expect_notice("warn", "no such file");
	close(far);
	far = -1;
	turn();
	expect_notice("warn", "has ended");
	second();
	second();
	assert_false(row_of(&web)->named);
}

static void docker_names_its_own(void **state)
{
	struct names_word w = {.tell = NAMES_ENTRY, .entry = {.id = WEB, .container = "shop-web-1", .workload = "shop/web"}};
	const struct sample_row *r;

	(void)state;
	second();
	assert_true(asked());
	say(&w, sizeof(w));
	second();
	r = row_of(&docker);
	assert_int_equal(r->kind, IDENTITY_CONTAINER);
	assert_string_equal(r->name, "shop-web-1");
	assert_string_equal(r->workload, "shop/web");
	assert_string_equal(r->pod_name, "");
	assert_string_equal(r->runtime, "docker");
	/* docker rename: with the next list */
	tell(NAMES_BEGIN);
	strcpy(w.entry.container, "old-web");
	say(&w, sizeof(w));
	tell(NAMES_END);
	second();
	assert_string_equal(row_of(&docker)->name, "old-web");
	assert_true(row_of(&docker)->renamed);
	second();
	assert_false(row_of(&docker)->renamed);
	assert_false(row_of(&web)->named); /* the same id in a pod: it is the CRI's to say */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(rows_get_what_the_runtime_knows),
		TEST(a_row_that_waited_is_renamed_when_its_name_comes),
		TEST(unknown_containers_are_asked_for_less_and_less),
		TEST(nobody_is_asked_about_what_is_known_or_no_containers),
		TEST(names_that_a_list_lacks_are_forgotten),
		TEST(nonsense_is_counted_and_does_no_harm),
		TEST(the_notice_says_how_it_stands),
		cmocka_unit_test_setup_teardown(docker_names_its_own, setup_docker, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
