/* SPDX-License-Identifier: Apache-2.0 */
/* Births, rows and the table are the test's own arrays; a pass is what the test says it wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probe/births.h"
#include "agent/probe/deaths.h"
#include "agent/probe/keys.h"
#include "agent/probe/tree.h"
#include "base/mem.h"

#define SLOTS 4
#define ROWS  8
#define CPUS  2
#define BITS  6
#define V2    0
#define V1    1

static struct plimsoll_slot slots[CPUS * SLOTS];
static struct plimsoll_traffic traffic[CPUS * SLOTS];
static struct plimsoll_tally tallies[SLOTS];
static struct plimsoll_row rows[ROWS];
static struct plimsoll_entry table[1 << BITS];
static uint32_t bits; /* of it that are in use */
static struct plimsoll_running running[CPUS];
static const struct pool_options pool = {SLOTS, ROWS, CPUS, slots, traffic, tallies, rows, running};
static struct tree *tree;
static struct probe_cgroup *alive[64]; /* by order of birth */
static size_t n_alive;
static char gone[256];                 /* paths in order, each with a blank */
static uint64_t pass;
static uint32_t births; /* given a slot */

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

static void add(void *data, uint32_t slot, struct signals *to)
{
	(void)data;
	for (unsigned cpu = 0; cpu < CPUS; cpu++)
		to->cpu_ns += slots[cpu * SLOTS + slot].on_cpu_ns;
}

static int setup(void **state)
{
	struct tree_options o = {.pool = pool, .table_bits = BITS, .adder = {add, NULL}, .watcher = {on_birth, on_death, NULL}};

	(void)state;
	memset(slots, 0, sizeof(slots)); /* as the kernel gives them */
	memset(traffic, 0, sizeof(traffic));
	memset(tallies, 0, sizeof(tallies));
	memset(rows, 0, sizeof(rows));
	memset(running, 0, sizeof(running));
	gone[0] = '\0';
	n_alive = pass = births = 0;
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
	struct plimsoll_birth b = {.id = id, .parent_id = parent, .hierarchy = (uint32_t)hierarchy};
	size_t taken;

	snprintf(b.name, sizeof(b.name), "%s", name);
	taken = births_bear(tree, &b, 1);
	keys_write_table(tree, table, &bits);
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

static uint32_t first_row(const struct probe_cgroup *c)
{
	return tree_rows(c)->of[0];
}

/* The pass wrote the rows of all cgroups but those named, each between blanks. */
static size_t bury(const char *dead_in_v2, const char *dead_in_v1)
{
	size_t n;

	pass++;
	for (size_t i = 0; i < n_alive; i++) {
		struct plimsoll_row *r = &rows[first_row(alive[i])];

		if (!names(dead_in_v2, alive[i]->path))
			r->pass[PLIMSOLL_UNIFIED] = pass;
		if (!names(dead_in_v1, alive[i]->path))
			r->pass[PLIMSOLL_MEMORY] = pass;
	}
	n = deaths_bury(tree, pass);
	keys_write_table(tree, table, &bits);
	return n;
}

/* As bpf/table.h looks for it. */
static uint32_t look_up(uint64_t id, int hierarchy)
{
	uint64_t key = PLIMSOLL_KEY(id, (uint64_t)hierarchy);

	for (uint32_t i = 0; i < PLIMSOLL_PROBES_MAX; i++) {
		const struct plimsoll_entry *e =
			&table[(PLIMSOLL_HASH(key, bits) + i) & ((1u << bits) - 1)];

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
	assert_int_equal(look_up(11, V2), first_row(find("/a/b")));
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
	keys_write_table(tree, table, &bits);
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

static void what_had_tasks_when_it_was_found_is_told(void **state)
{
	struct plimsoll_birth b = {.id = 10, .parent_id = 1, .hierarchy = V2, .populated = 1, .name = "a"};

	(void)state;
	bear(1, 0, "", V2);
	bear(1, 0, "", V1);
	assert_int_equal(births_bear(tree, &b, 1), 1);
	bear(7, 1, "a", V1);
	assert_int_equal(tree_found_running(find("/a"))[PLIMSOLL_UNIFIED], 1);
	assert_int_equal(tree_found_running(find("/a"))[PLIMSOLL_MEMORY], 0);
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
		assert_int_equal(alive[i]->slot, first_row(alive[i]));
	for (unsigned i = SLOTS - 1; i < ROWS - 1; i++)
		assert_int_equal(alive[i]->slot, 0);
	assert_int_equal(bear(99, 1, "late", V2), 0);
	assert_int_equal(tree_cgroups(tree), ROWS - 1);
}

/* It goes to one of those that had none. */
static void a_freed_slot_rests_for_a_pass_and_comes_back_clean(void **state)
{
	uint32_t freed;
	size_t without = 0;

	(void)state;
	fill();
	freed = find("/2")->slot;
	assert_int_not_equal(freed, 0);
	bury(" /2 ", "");
	assert_int_equal(bear(99, 1, "early", V2), 0);
	slots[freed].on_cpu_ns = slots[SLOTS + freed].hist[3] = 5;
	running[1] = (struct plimsoll_running){.arrival_ns = 7, .switched_ns = 7, .slot = freed};
	tree_wake(tree);
	assert_int_equal(tree_without_slot(tree), ROWS - SLOTS); /* a CPU still counts there */
	running[1].arrival_ns = 0;
	tree_wake(tree);
	assert_int_equal(tree_without_slot(tree), ROWS - SLOTS - 1);
	for (size_t i = 0; i < n_alive; i++)
		without += alive[i]->slot == 0;
	assert_int_equal(without, ROWS - SLOTS - 1);
	assert_int_equal(slots[freed].on_cpu_ns, 0);
	assert_int_equal(slots[SLOTS + freed].hist[3], 0);
}

/* What the kernel did at a birth: gave it a slot of the stock, where it counts from now on. */
static uint32_t give(uint64_t id, uint64_t parent, const char *name, int hierarchy, uint64_t cpu_ns)
{
	struct plimsoll_birth b = {.id = id, .parent_id = parent, .hierarchy = (uint32_t)hierarchy};

	snprintf(b.name, sizeof(b.name), "%s", name);
	b.row = tree_slot(tree, 0);
	assert_int_not_equal(b.row, 0);
	slots[b.row].on_cpu_ns = cpu_ns;
	(void)births_take(tree, &b, births++);
	return b.row;
}

static uint64_t counted(const struct probe_cgroup *c)
{
	const struct rows *r = tree_rows(c);
	struct signals sum = {.cpu_ns = r->carried ? r->carried->cpu_ns : 0};

	for (uint32_t i = 0; i < r->n; i++)
		if (r->of[i] < SLOTS)
			add(NULL, r->of[i], &sum);
	return sum.cpu_ns;
}

static void a_birth_with_a_slot_keeps_it(void **state)
{
	uint32_t slot;

	(void)state;
	bear(1, 0, "", V2);
	slot = give(10, 1, "a", V2, 5);
	assert_int_equal(find("/a")->slot, slot);
	keys_write_table(tree, table, &bits);
	assert_int_equal(look_up(10, V2), slot);
	assert_int_equal(counted(find("/a")), 5);
}

/* What a pass finds has done something for nobody before; so has what gets a slot later, and what has no place. */
static void what_comes_late_is_not_counted_until_the_next_sample(void **state)
{
	(void)state;
	bear(1, 0, "", V2);
	bear(1, 0, "", V1);
	tree_wake(tree);
	assert_true(tree_is_counted(find("/")));
	give(10, 1, "a", V2, 5);
	keys_write_table(tree, table, &bits);
	assert_true(tree_is_counted(find("/a")));
	bear(7, 1, "a", V1); /* its tasks may be counted by this one */
	assert_false(tree_is_counted(find("/a")));
	bear(11, 1, "b", V2);
	bear(12, 1, "c", V2);
	assert_int_equal(find("/c")->slot, 0);
	tree_wake(tree);
	assert_true(tree_is_counted(find("/a")));
	assert_true(tree_is_counted(find("/b")));
	assert_false(tree_is_counted(find("/c")));
	bury(" /b ", " /b ");
	tree_wake(tree);
	assert_int_not_equal(find("/c")->slot, 0);
	assert_false(tree_is_counted(find("/c")));
	keys_write_table(tree, table, &bits);
	tree_wake(tree);
	assert_true(tree_is_counted(find("/c")));
}

/* Each directory of a path was given a slot; one stays, the counts of both do. */
static void two_slots_of_one_path_become_one(void **state)
{
	uint32_t first, second;

	(void)state;
	bear(1, 0, "", V2);
	bear(1, 0, "", V1);
	first = give(7, 1, "a", V1, 5);
	second = give(10, 1, "a", V2, 3);
	assert_int_equal(n_alive, 2);
	rows[first].pass[V1] = rows[second].pass[V2] = rows[first_row(find("/"))].pass[V1] =
		rows[first_row(find("/"))].pass[V2] = ++pass; /* the pass wrote where the kernel had it */
	assert_int_equal(deaths_bury(tree, pass), 0);
	assert_int_equal(tree_row(find("/a"), V2), second);
	keys_write_table(tree, table, &bits);
	assert_int_equal(look_up(7, V1), first);
	assert_int_equal(look_up(10, V2), first);
	assert_int_equal(counted(find("/a")), 8);

	slots[second].on_cpu_ns++; /* a task that ran across the change of tables */
	tree_wake(tree);
	assert_int_equal(counted(find("/a")), 9);
	bury("", "");
	assert_int_equal(tree_row(find("/a"), V2), first);
	tree_wake(tree);
	assert_int_equal(tree_slot(tree, 0), second);
	assert_int_equal(slots[second].on_cpu_ns, 0);
	assert_int_equal(counted(find("/a")), 9);
}

static void a_successor_of_the_same_name_is_somebody_else(void **state)
{
	uint32_t first, second;

	(void)state;
	bear(1, 0, "", V2);
	first = give(10, 1, "a", V2, 5);
	rows[first].pass[V2] = PLIMSOLL_ENDED;
	second = give(11, 1, "a", V2, 3);
	assert_string_equal(gone, "/a ");
	assert_int_equal(find("/a")->id, 11);
	assert_int_equal(find("/a")->slot, second);
	assert_int_equal(counted(find("/a")), 3);
	rows[first_row(find("/"))].pass[V2] = rows[second].pass[V2] = ++pass;
	assert_int_equal(deaths_bury(tree, pass), 0);
}

/* The kernel does not do that before its 64 bits are used up. */
static void an_id_that_comes_again_is_somebody_else(void **state)
{
	uint32_t first, second;

	(void)state;
	bear(1, 0, "", V2);
	first = give(10, 1, "a", V2, 5);
	rows[first].pass[V2] = PLIMSOLL_ENDED;
	bury(" /a ", " /a ");
	assert_string_equal(gone, "/a ");
	second = give(10, 1, "b", V2, 3);
	keys_write_table(tree, table, &bits);
	assert_int_not_equal(second, first);
	assert_int_equal(look_up(10, V2), second);
	assert_int_equal(counted(find("/b")), 3);
}

/* Its only directory was removed, and then another of that path made in another hierarchy. */
static void a_successor_does_not_join_the_dead(void **state)
{
	uint32_t first;

	(void)state;
	bear(1, 0, "", V2);
	bear(1, 0, "", V1);
	first = give(10, 1, "a", V2, 5);
	rows[first].pass[V2] = PLIMSOLL_ENDED;
	rows[first].ended_before = births;
	give(20, 1, "a", V1, 3);
	assert_string_equal(gone, "/a ");
	assert_int_equal(find("/a")->id, 20);
}

/* Both directories were made and removed since the last pass. */
static void a_short_life_is_one_life(void **state)
{
	uint32_t first;

	(void)state;
	bear(1, 0, "", V2);
	bear(1, 0, "", V1);
	first = give(10, 1, "a", V2, 5);
	rows[first].pass[V2] = PLIMSOLL_ENDED;
	rows[first].ended_before = births + 1;
	give(20, 1, "a", V1, 3);
	assert_string_equal(gone, "");
	assert_int_equal(counted(find("/a")), 8);
}

/* Below something we do not see. */
static void what_a_stranger_counted_is_nobodys(void **state)
{
	uint32_t slot;

	(void)state;
	bear(1, 0, "", V2);
	slot = give(10, 9, "a", V2, 5);
	assert_int_equal(n_alive, 1);
	keys_write_table(tree, table, &bits);
	tree_wake(tree);
	assert_int_equal(tree_nobodys(tree)->cpu_ns, 5);
	tree_wake(tree);
	assert_int_equal(tree_slot(tree, 0), slot);
}

static void rows_wait_for_the_table(void **state)
{
	(void)state;
	bear(1, 0, "", V2);
	give(10, 9, "a", V2, 5);
	assert_true(tree_changed(tree));
	tree_wake(tree); /* the kernel may still count there */
	assert_int_equal(tree_nobodys(tree)->cpu_ns, 0);
}

/* A table of four places for five keys: one has none, cannot be seen by a pass, and so is not dead while what it is in
 * lives. */
static void a_key_without_a_place_is_counted_and_not_buried(void **state)
{
	struct tree_options o = {.pool = pool, .table_bits = 2, .watcher = {on_birth, on_death, NULL}};
	struct plimsoll_entry small[1 << 2];
	size_t lost;

	(void)state;
	tree_free(tree);
	tree = tree_new(&o);
	for (uint64_t id = 1; id <= 5; id++) {
		struct plimsoll_birth b = {.id = id, .parent_id = id > 1};

		snprintf(b.name, sizeof(b.name), "%u", (unsigned)id);
		assert_int_equal(births_bear(tree, &b, 1), 1);
	}
	lost = keys_write_table(tree, small, &bits);
	assert_int_equal(lost, 1);
	assert_int_equal(bits, 2);
	rows[tree_row(find("/"), V2)].pass[V2] = ++pass; /* and nothing else */
	assert_int_equal(deaths_bury(tree, pass), 3);
	assert_int_equal(tree_cgroups(tree), 2);
	assert_int_equal(deaths_bury(tree, ++pass), 2);
	assert_int_equal(tree_cgroups(tree), 0);
}

/* So that look-ups stay in the caches. */
static void no_more_of_the_table_is_used_than_its_keys_need(void **state)
{
	static const uint32_t expected[] = {4, 4, 5, 5, 6, 6, 6};

	(void)state;
	for (uint64_t id = 1; id <= sizeof(expected) / sizeof(expected[0]); id++) {
		for (uint32_t h = 0; h < PLIMSOLL_HIERARCHIES; h++) {
			struct plimsoll_birth b = {.id = id, .parent_id = id > 1, .hierarchy = h};

			snprintf(b.name, sizeof(b.name), "%u", (unsigned)id);
			assert_int_equal(births_bear(tree, &b, 1), 1);
		}
		assert_int_equal(keys_write_table(tree, table, &bits), 0);
		assert_int_equal(bits, expected[id - 1]);
		for (uint64_t i = 1; i <= id; i++)
			assert_int_not_equal(look_up(i, PLIMSOLL_HIERARCHIES - 1), 0);
	}
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
		TEST(what_had_tasks_when_it_was_found_is_told),
		TEST(slots_go_to_the_first_then_rows_only_then_nothing),
		TEST(a_freed_slot_rests_for_a_pass_and_comes_back_clean),
		TEST(a_key_without_a_place_is_counted_and_not_buried),
		TEST(a_birth_with_a_slot_keeps_it),
		TEST(what_comes_late_is_not_counted_until_the_next_sample),
		TEST(two_slots_of_one_path_become_one),
		TEST(a_successor_of_the_same_name_is_somebody_else),
		TEST(an_id_that_comes_again_is_somebody_else),
		TEST(a_successor_does_not_join_the_dead),
		TEST(a_short_life_is_one_life),
		TEST(what_a_stranger_counted_is_nobodys),
		TEST(rows_wait_for_the_table),
		TEST(no_more_of_the_table_is_used_than_its_keys_need),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
