/* SPDX-License-Identifier: Apache-2.0 */
/* Births, rows and the table are the test's own arrays; a pass is what the test says it wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probe/tree.h"
#include "base/mem.h"

#define SLOTS 4
#define ROWS  8
#define CPUS  2
#define BITS  6
#define V2    0
#define V1    1

static struct plimsoll_slot slots[CPUS * SLOTS];
static struct plimsoll_row rows[ROWS];
static struct plimsoll_entry table[1 << BITS];
static struct tree *tree;
static struct probe_cgroup *alive[64]; /* by order of birth */
static size_t n_alive;
static char gone[256];                 /* paths in order, each with a blank */
static uint64_t pass;

static void on_birth(struct probe_cgroup *c, void *data)
{
	(void)data;
	assert_true(n_alive < 64);
	alive[n_alive++] = c;
}

static void on_death(struct probe_cgroup *c, void *data)
{
	size_t length = strlen(gone);

	(void)data;
	snprintf(gone + length, sizeof(gone) - length, "%s ", c->path);
	for (size_t i = 0; i < n_alive; i++)
		if (alive[i] == c)
			alive[i] = alive[--n_alive];
}

static int setup(void **state)
{
	struct tree_options o = {.slots = SLOTS, .rows = ROWS, .cpus = CPUS, .table_bits = BITS,
				 .slot = slots, .row = rows, .watcher = {on_birth, on_death, NULL}};

	(void)state;
	memset(slots, 0xff, sizeof(slots));
	memset(rows, 0, sizeof(rows));
	gone[0] = '\0';
	n_alive = pass = 0;
	tree = tree_new(&o);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tree = tree_free(tree);
	return 0;
}

static size_t bear(uint64_t id, uint64_t parent, const char *name, int hierarchy)
{
	struct plimsoll_birth b = {.id = id, .parent_id = parent, .legacy = (uint64_t)hierarchy};
	size_t taken;

	snprintf(b.name, sizeof(b.name), "%s", name);
	taken = tree_bear(tree, &b, 1);
	tree_write_table(tree, table);
	return taken;
}

static struct probe_cgroup *find(const char *path)
{
	for (size_t i = 0; i < n_alive; i++)
		if (strcmp(alive[i]->path, path) == 0)
			return alive[i];
	fail_msg("no cgroup %s", path);
	return NULL;
}

static bool names(const char *list, const char *path)
{
	char word[64];

	snprintf(word, sizeof(word), " %s ", path);
	return strstr(list, word) != NULL;
}

/* The pass wrote the rows of all cgroups but those named, each between blanks. */
static size_t bury(const char *dead_in_v2, const char *dead_in_v1)
{
	pass++;
	for (size_t i = 0; i < n_alive; i++) {
		struct plimsoll_row *r = &rows[tree_row(alive[i])];

		if (!names(dead_in_v2, alive[i]->path))
			r->unified_pass = pass;
		if (!names(dead_in_v1, alive[i]->path))
			r->memory_pass = pass;
	}
	return tree_bury(tree, pass);
}

/* As bpf/table.h looks for it. */
static uint32_t look_up(uint64_t id, int hierarchy)
{
	uint64_t key = PLIMSOLL_KEY(id, (uint64_t)hierarchy);

	for (uint32_t i = 0; i < PLIMSOLL_PROBES_MAX; i++) {
		const struct plimsoll_entry *e =
			&table[(PLIMSOLL_HASH(key, BITS) + i) & ((1u << BITS) - 1)];

		if (!e->key || e->key == key)
			return e->key ? (uint32_t)e->row : 0;
	}
	return 0;
}

static void paths_and_parents_follow_from_births(void **state)
{
	(void)state;
	assert_int_equal(bear(1, 0, "", V2), 1);
	assert_int_equal(bear(10, 1, "a", V2), 1);
	assert_int_equal(bear(11, 10, "b", V2), 1);
	assert_string_equal(alive[0]->path, "/");
	assert_null(alive[0]->parent);
	assert_ptr_equal(find("/a")->parent, alive[0]);
	assert_ptr_equal(find("/a/b")->parent, find("/a"));
	assert_int_equal(find("/a/b")->id, 11);
	assert_int_equal(tree_cgroups(tree), 3);
	assert_int_equal(look_up(11, V2), tree_row(find("/a/b")));
	assert_int_equal(look_up(11, V1), 0);
}

static void a_birth_twice_or_without_its_parent_is_none(void **state)
{
	(void)state;
	bear(1, 0, "", V2);
	assert_int_equal(bear(10, 1, "a", V2), 1);
	assert_int_equal(bear(10, 1, "a", V2), 0);
	assert_int_equal(bear(20, 19, "x", V2), 0);
	assert_int_equal(bear(30, 0, "second root", V2), 0);
	assert_int_equal(n_alive, 2);
}

static void the_same_path_in_both_hierarchies_is_one_cgroup(void **state)
{
	(void)state;
	bear(1, 0, "", V1);
	bear(7, 1, "a", V1);
	assert_int_equal(find("/a")->id, 7);
	bear(1, 0, "", V2);
	assert_int_equal(bear(9, 1, "a", V2), 1);
	assert_int_equal(n_alive, 2);
	assert_int_equal(find("/a")->id, 9);
	assert_int_equal(look_up(7, V1), look_up(9, V2));
}

static void what_a_pass_does_not_write_is_gone(void **state)
{
	(void)state;
	bear(1, 0, "", V2);
	bear(10, 1, "a", V2);
	bear(11, 10, "b", V2);
	assert_int_equal(bury("", ""), 0);
	assert_int_equal(bury(" /a /a/b ", ""), 2);
	assert_string_equal(gone, "/a/b /a ");
	assert_int_equal(tree_cgroups(tree), 1);
	tree_write_table(tree, table);
	assert_int_equal(look_up(11, V2), 0);
}

static void a_cgroup_lives_while_one_of_its_directories_does(void **state)
{
	(void)state;
	bear(1, 0, "", V2);
	bear(1, 0, "", V1);
	bear(10, 1, "a", V2);
	bear(7, 1, "a", V1);
	assert_int_equal(bury(" /a ", ""), 1);
	assert_string_equal(gone, "");
	assert_int_equal(bury(" /a ", " /a "), 1);
	assert_string_equal(gone, "/a ");
}

static void fill(void)
{
	char name[8];

	bear(1, 0, "", V2);
	for (uint64_t id = 2; id < ROWS; id++) { /* row 0 is nobody's */
		snprintf(name, sizeof(name), "%u", (unsigned)id);
		assert_int_equal(bear(id, 1, name, V2), 1);
	}
}

static void slots_go_to_the_first_then_rows_only_then_nothing(void **state)
{
	(void)state;
	fill();
	assert_int_equal(tree_cgroups(tree), ROWS - 1);
	assert_int_equal(tree_without_slot(tree), ROWS - SLOTS);
	for (unsigned i = 0; i < SLOTS - 1; i++)
		assert_int_equal(alive[i]->slot, tree_row(alive[i]));
	for (unsigned i = SLOTS - 1; i < ROWS - 1; i++)
		assert_int_equal(alive[i]->slot, 0);
	assert_int_equal(bear(99, 1, "late", V2), 0);
	assert_int_equal(tree_cgroups(tree), ROWS - 1);
}

static void a_freed_slot_rests_for_a_pass_and_comes_back_clean(void **state)
{
	uint32_t freed;

	(void)state;
	fill();
	freed = find("/2")->slot;
	assert_int_not_equal(freed, 0);
	bury(" /2 ", "");
	assert_int_equal(bear(99, 1, "early", V2), 0);
	bury("", "");
	slots[freed].on_cpu_ns = slots[SLOTS + freed].hist[3] = 5;
	assert_int_equal(bear(99, 1, "late", V2), 1);
	assert_int_equal(find("/late")->slot, freed);
	assert_int_equal(slots[freed].on_cpu_ns, 0);
	assert_int_equal(slots[SLOTS + freed].hist[3], 0);
}

/* A table of four places for five keys: one has none, cannot be seen by a pass, and so is not dead. */
static void a_key_without_a_place_is_counted_and_not_buried(void **state)
{
	struct tree_options o = {.slots = SLOTS, .rows = ROWS, .cpus = CPUS, .table_bits = 2,
				 .slot = slots, .row = rows, .watcher = {on_birth, on_death, NULL}};
	struct plimsoll_entry small[1 << 2];
	size_t lost;

	(void)state;
	tree_free(tree);
	tree = tree_new(&o);
	for (uint64_t id = 1; id <= 5; id++) {
		struct plimsoll_birth b = {.id = id, .parent_id = id > 1};

		snprintf(b.name, sizeof(b.name), "%u", (unsigned)id);
		assert_int_equal(tree_bear(tree, &b, 1), 1);
	}
	lost = tree_write_table(tree, small);
	assert_int_equal(lost, 1);
	assert_int_equal(tree_bury(tree, ++pass), 4); /* the pass wrote nothing at all */
	assert_int_equal(tree_cgroups(tree), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(paths_and_parents_follow_from_births),
		TEST(a_birth_twice_or_without_its_parent_is_none),
		TEST(the_same_path_in_both_hierarchies_is_one_cgroup),
		TEST(what_a_pass_does_not_write_is_gone),
		TEST(a_cgroup_lives_while_one_of_its_directories_does),
		TEST(slots_go_to_the_first_then_rows_only_then_nothing),
		TEST(a_freed_slot_rests_for_a_pass_and_comes_back_clean),
		TEST(a_key_without_a_place_is_counted_and_not_buried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
