/* SPDX-License-Identifier: Apache-2.0 */
/* Two lists in, entries out: what belongs together, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/names/book.h"
#include "runtime/v1/cri.pb-c.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static struct names_entry got[8];
static unsigned n_got;

static void keep(const struct names_entry *e, void *data)
{
	(void)data;
	if (n_got < 8)
		got[n_got] = *e;
	n_got++;
}

/* One pod, one container; a test bends them. */
static Runtime__V1__PodSandboxMetadata pod;
static Runtime__V1__PodSandbox sandbox, *sandboxes = &sandbox;
static Runtime__V1__ContainerMetadata called;
static Runtime__V1__Container container, *containers = &container;
static Runtime__V1__ListPodSandboxResponse all_sandboxes;
static Runtime__V1__ListContainersResponse all_containers;

static int setup(void **state)
{
	(void)state;
	pod = (Runtime__V1__PodSandboxMetadata)RUNTIME__V1__POD_SANDBOX_METADATA__INIT;
	sandbox = (Runtime__V1__PodSandbox)RUNTIME__V1__POD_SANDBOX__INIT;
	called = (Runtime__V1__ContainerMetadata)RUNTIME__V1__CONTAINER_METADATA__INIT;
	container = (Runtime__V1__Container)RUNTIME__V1__CONTAINER__INIT;
	all_sandboxes = (Runtime__V1__ListPodSandboxResponse)RUNTIME__V1__LIST_POD_SANDBOX_RESPONSE__INIT;
	all_containers = (Runtime__V1__ListContainersResponse)RUNTIME__V1__LIST_CONTAINERS_RESPONSE__INIT;
	pod.namespace_ = (char *)(uintptr_t) "shop";
	pod.name = (char *)(uintptr_t) "web-1";
	pod.uid = (char *)(uintptr_t) "uid-1";
	sandbox.id = (char *)(uintptr_t)A;
	sandbox.metadata = &pod;
	called.name = (char *)(uintptr_t) "api";
	called.attempt = 4;
	container.id = (char *)(uintptr_t)B;
	container.pod_sandbox_id = (char *)(uintptr_t)A;
	container.metadata = &called;
	all_sandboxes.items = &sandboxes;
	all_containers.containers = &containers;
	all_sandboxes.n_items = all_containers.n_containers = 1;
	n_got = 0;
	return 0;
}

static struct book_counts read_book(void)
{
	return book_read(&all_containers, &all_sandboxes, keep, NULL);
}

static void expect(unsigned told, unsigned refused)
{
	struct book_counts n = read_book();

	assert_int_equal(n.told, told);
	assert_int_equal(n.refused, refused);
	assert_int_equal(n_got, told);
}

static void a_container_has_its_pod(void **state)
{
	(void)state;
	expect(2, 0);
	assert_true(got[0].sandbox);
	assert_string_equal(got[0].id, A);
	assert_string_equal(got[0].container, "pause");
	assert_false(got[1].sandbox);
	assert_string_equal(got[1].id, B);
	assert_string_equal(got[1].container, "api");
	assert_int_equal(got[0].attempt, 0);
	assert_int_equal(got[1].attempt, 4);
	for (int i = 0; i < 2; i++) {
		assert_true(got[i].attempt_known);
		assert_string_equal(got[i].pod_namespace, "shop");
		assert_string_equal(got[i].pod, "web-1");
		assert_string_equal(got[i].pod_uid, "uid-1");
	}
}

static void without_its_pod_a_container_is_refused(void **state)
{
	(void)state;
	container.pod_sandbox_id = (char *)(uintptr_t)C;
	expect(1, 1);
}

static void missing_parts_are_refused(void **state)
{
	(void)state;
	sandbox.metadata = NULL;
	expect(0, 2);
	setup(NULL);
	container.metadata = NULL;
	expect(1, 1);
}

static void bad_ids_are_refused(void **state)
{
	static const char *const bad[] = {"", "abc", A "a", "gggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggg",
					  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		setup(NULL);
		container.id = (char *)(uintptr_t)bad[i];
		expect(1, 1);
	}
}

static void bad_texts_are_refused(void **state)
{
	char long_name[NAMES_POD_MAX + 2];
	const char *bad[] = {"a\nb", "\xff", "\x1b[2J", long_name};

	(void)state;
	memset(long_name, 'x', sizeof(long_name));
	long_name[NAMES_POD_MAX + 1] = '\0';
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		setup(NULL);
		pod.name = (char *)(uintptr_t)bad[i];
		expect(0, 2);
	}
	setup(NULL);
	long_name[NAMES_POD_MAX] = '\0';
	pod.name = long_name;
	expect(2, 0);
}

static void a_node_has_so_many_and_no_more(void **state)
{
	static Runtime__V1__Container *many[NAMES_MOST + 5];

	(void)state;
	for (size_t i = 0; i < NAMES_MOST + 5; i++)
		many[i] = &container;
	all_containers.containers = many;
	all_containers.n_containers = NAMES_MOST + 5;
	expect(NAMES_MOST, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_container_has_its_pod, setup),
		cmocka_unit_test_setup(without_its_pod_a_container_is_refused, setup),
		cmocka_unit_test_setup(missing_parts_are_refused, setup),
		cmocka_unit_test_setup(bad_ids_are_refused, setup),
		cmocka_unit_test_setup(bad_texts_are_refused, setup),
		cmocka_unit_test_setup(a_node_has_so_many_and_no_more, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
