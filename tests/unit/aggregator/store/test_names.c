/* SPDX-License-Identifier: Apache-2.0 */
/* Rows by the names of their pods and containers, whenever those come. */
#include "app.h"

#define ID_A "aaaaaaaaaaaabbbbbbbbbbbbccccccccccccddddddddddddeeeeeeeeeeeeffff"

/* As an agent tells it before the container runtime has answered, and (`named`) after. */
static void second_container(struct second *x, uint32_t row, const char *path, bool named)
{
	struct store_identity *id = &x->identity[x->b.n_identities];

	second_name(x, row, path);
	id->kind = STORE_KIND_POD_CONTAINER;
	id->runtime = "containerd";
	id->pod_uid = "1-2-3";
	id->container_id = ID_A;
	id->name = named ? "api" : "aaaaaaaaaaaa";
	id->pod_namespace = named ? "shop" : "";
	id->pod_name = named ? "web-7d9f" : "";
}

static const struct store_row *only_row(const struct store_node *n, uint32_t id)
{
	const struct store_row *r = map_get(n->rows, id);

	assert_non_null(r);
	return r;
}

static void assert_named(const struct store_row *r, const char *space, const char *pod, const char *name)
{
	assert_string_equal(row_pod_namespace(r), space);
	assert_string_equal(row_pod_name(r), pod);
	assert_string_equal(row_name(r), name);
}

static void names_come_later(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	struct seen before = {0}, after = {0};
	const struct store_row *r;
	struct second x;
	struct view v;

	(void)state;
	second(&x, 1, 12, 21 * S, false);
	second_container(&x, 3, "/app/three", false);
	second_row(&x, 3, S, 0);
	put_at(s, n, &x, 21);
	r = only_row(n, 3);
	store_workload(s, "none", "/none");
	store_each(s, (clock_boot_t){T0 + 21 * S}, WINDOW, FRESH, note, &before);
	assert_string_equal(before.names, "none pod/1-2-3 ");
	second(&x, 1, 13, 22 * S, false);
	second_container(&x, 3, "/app/three", true);
	second_row(&x, 3, S + S / 2, 0);
	put_at(s, n, &x, 22);
	assert_ptr_equal(only_row(n, 3), r);
	assert_named(r, "shop", "web-7d9f", "api");
	assert_int_equal(r->told, 13);
	assert_int_equal(store_counters(s)->rows_renamed, 1);
	store_each(s, (clock_boot_t){T0 + 22 * S}, WINDOW, FRESH, note, &after);
	assert_string_equal(after.names, "none shop/web-7d9f ");
	/* What was measured before stays: half a CPU from the one second to the other. */
	view_at(s, 22, &v);
	assert_int_equal(v.replicas, 3);
	assert_string_equal(v.replica[2].name, "node-a:/app/three"); /* what is of no pod comes first */
	assert_string_equal(v.replica[2].ns, "shop");
	assert_string_equal(v.replica[2].pod, "web-7d9f");
	assert_string_equal(v.replica[2].container, "api");
	assert_null(v.replica[1].pod);
	assert_int_equal(v.replica[2].cpu_milli, 500);
	/* A keyframe repeats it: nothing is new, nobody is told again. */
	second(&x, 1, 14, 23 * S, false);
	second_container(&x, 3, "/app/three", true);
	put_at(s, n, &x, 23);
	assert_int_equal(r->told, 13);
	assert_int_equal(store_counters(s)->rows_renamed, 1);
	store_free(s);
}

static void a_policy_may_go_by_names(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	struct store_workload *web = store_workload(s, "web", "shop/web-*"), *all = store_workload(s, "all", "/**");
	struct store_summary sum;
	struct second x;

	(void)state;
	second(&x, 1, 12, 21 * S, false);
	second_container(&x, 3, "/app/three", false);
	put_at(s, n, &x, 21);
	store_summarize(all, (clock_boot_t){T0 + 21 * S}, WINDOW, FRESH, &sum);
	assert_int_equal(sum.replicas, 3);
	second(&x, 1, 13, 22 * S, false);
	second_container(&x, 3, "/app/three", true);
	put_at(s, n, &x, 22);
	store_summarize(web, (clock_boot_t){T0 + 22 * S}, WINDOW, FRESH, &sum);
	assert_int_equal(sum.replicas, 1); /* the first policy has it now */
	store_summarize(all, (clock_boot_t){T0 + 22 * S}, WINDOW, FRESH, &sum);
	assert_int_equal(sum.replicas, 2);
	store_free(s);
}

/* Containers of Docker: no pod, but what compose says they are replicas of. */
static void replicas_of_a_service_are_one_workload(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	struct seen seen = {0};
	struct store_summary sum;
	struct second x;

	(void)state;
	second(&x, 1, 12, 21 * S, false);
	for (uint32_t i = 0; i < 3; i++) {
		second_name(&x, 3 + i, i == 0 ? "/docker/a" : i == 1 ? "/docker/b" : "/docker/c");
		x.identity[i].kind = STORE_KIND_CONTAINER;
		x.identity[i].name = i == 0 ? "shop-web-1" : i == 1 ? "shop-web-2" : "alone";
		x.identity[i].workload = i == 2 ? "" : "shop/web";
	}
	put_at(s, n, &x, 21);
	store_each(s, (clock_boot_t){T0 + 21 * S}, WINDOW, FRESH, note, &seen);
	assert_string_equal(seen.names, "alone shop/web ");
	assert_int_equal(seen.n, 3);
	store_summarize(store_workload(s, "web", "shop/web"), (clock_boot_t){T0 + 21 * S}, WINDOW, FRESH, &sum);
	assert_int_equal(sum.replicas, 2);
	store_free(s);
}

/* The runtime is away when the agent begins anew: the container is still the same one. */
static void names_outlive_an_agent_that_knows_less(void **state)
{
	struct store *s = new_store();
	struct store_node *n;
	struct second x;
	uint64_t held;

	(void)state;
	second(&x, 1, 0, S, false);
	second_container(&x, 3, "/app/three", true);
	n = fleet_hello(s, "node-a", &x, T0 + S, &held);
	second(&x, 2, 0, 2 * S, false);
	second_container(&x, 9, "/app/three", false);
	assert_ptr_equal(fleet_hello(s, "node-a", &x, T0 + 2 * S, &held), n);
	assert_named(only_row(n, 9), "shop", "web-7d9f", "api");
	/* Another container in the same place is not it. */
	second(&x, 3, 0, 3 * S, false);
	second_container(&x, 4, "/app/three", false);
	x.identity[0].container_id = "0" ID_A;
	x.identity[0].name = "0aaaaaaaaaaa";
	fleet_hello(s, "node-a", &x, T0 + 3 * S, &held);
	assert_named(only_row(n, 4), "", "", "0aaaaaaaaaaa");
	store_free(s);
}

static void a_pause_container_is_no_replica(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	struct second x;
	struct view v;

	(void)state;
	second(&x, 1, 12, 21 * S, false);
	second_container(&x, 3, "/app/three", false);
	put_at(s, n, &x, 21);
	view_at(s, 21, &v);
	assert_int_equal(v.replicas, 3); /* nothing tells them apart yet */
	second(&x, 1, 13, 22 * S, false);
	second_container(&x, 3, "/app/three", true);
	x.identity[0].kind = STORE_KIND_SANDBOX;
	x.identity[0].name = "pause";
	put_at(s, n, &x, 22);
	view_at(s, 22, &v);
	assert_int_equal(v.replicas, 2);
	store_forget(s, store_find_workload(s, "app")); /* nor when all rows are placed anew */
	view_at(s, 22, &v);
	assert_int_equal(v.replicas, 2);
	store_free(s);
}

static void long_names_keep_their_end(void **state)
{
	struct store *s = new_store();
	struct second x;
	struct view v;
	uint64_t held;
	char path[200] = "/app/";

	(void)state;
	memset(path + 5, 'x', 150);
	strcpy(path + 155, "-tail");
	second(&x, 1, 0, S, false);
	second_name(&x, 1, "/app/short");
	x.identity[0].cgroup = path;
	fleet_hello(s, "node-a", &x, T0 + S, &held);
	view_at(s, 1, &v);
	assert_int_equal(v.replicas, 1);
	assert_int_equal(strlen(v.replica[0].name), VIEW_NAME - 1);
	assert_string_equal(v.replica[0].name + VIEW_NAME - 6, "-tail");
	assert_int_equal(v.replica[0].sample_age_ns, UINT64_MAX);
	assert_false(v.replica[0].cpu_known);
	store_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_come_later),
		cmocka_unit_test(a_policy_may_go_by_names),
		cmocka_unit_test(replicas_of_a_service_are_one_workload),
		cmocka_unit_test(names_outlive_an_agent_that_knows_less),
		cmocka_unit_test(a_pause_container_is_no_replica),
		cmocka_unit_test(long_names_keep_their_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
