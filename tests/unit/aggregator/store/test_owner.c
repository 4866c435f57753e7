/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/owner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_deployment_made_what_has_its_hash_and_tail(void **unused)
{
	(void)unused;
	assert_true(owner_made("Deployment/shop/web", "shop", "web-7d9f6b5c4d-x2vbn"));
	assert_true(owner_made("Deployment/shop/web-admin", "shop", "web-admin-7d9f6b5c4d-x2vbn"));
	assert_false(owner_made("Deployment/shop/web", "shop", "web-admin-7d9f6b5c4d-x2vbn"));
	assert_false(owner_made("Deployment/shop/web", "blog", "web-7d9f6b5c4d-x2vbn"));
	assert_false(owner_made("Deployment/shop/web", "shop", "web-7d9f6b5c4d-x2vbna"));
	assert_false(owner_made("Deployment/shop/web", "shop", "web-7d9f6b5c4d-"));
	assert_false(owner_made("Deployment/shop/web", "shop", "web-0"));
	assert_false(owner_made("Deployment/shop/web", "shop", "web"));
	assert_false(owner_made("Deployment/shop/web", "shop", "webs-7d9f6b5c4d-x2vbn"));
	assert_false(owner_made("Deployment/shop/web", "", ""));
}

static void the_others_have_one_part(void **unused)
{
	(void)unused;
	assert_true(owner_made("StatefulSet/shop/db", "shop", "db-12"));
	assert_false(owner_made("StatefulSet/shop/db", "shop", "db-x2vbn"));
	assert_false(owner_made("StatefulSet/shop/db", "shop", "db-"));
	assert_true(owner_made("DaemonSet/kube-system/proxy", "kube-system", "proxy-x2vbn"));
	assert_true(owner_made("ReplicaSet/shop/web-7d9f6b5c4d", "shop", "web-7d9f6b5c4d-x2vbn"));
	assert_false(owner_made("ReplicaSet/shop/web", "shop", "web-7d9f6b5c4d-x2vbn"));
}

static void what_is_none_owns_nothing(void **unused)
{
	(void)unused;
	assert_true(owner_is_kind("Deployment"));
	assert_false(owner_is_kind("Deploymen"));
	assert_false(owner_is_kind("Unit"));
	assert_false(owner_made("", "shop", "web-7d9f6b5c4d-x2vbn"));
	assert_false(owner_made("Deployment", "shop", "web-7d9f6b5c4d-x2vbn"));
	assert_false(owner_made("Deployment/shop", "shop", "web-7d9f6b5c4d-x2vbn"));
	assert_false(owner_made("Deployment/shop/", "shop", "-7d9f6b5c4d-x2vbn"));
	assert_false(owner_made("Unit/shop/web", "shop", "web-0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deployment_made_what_has_its_hash_and_tail),
		cmocka_unit_test(the_others_have_one_part),
		cmocka_unit_test(what_is_none_owns_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
