/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What most tests here begin with: cgroups of their own and a probe that watches them, made anew for each test.
 * The test owns the variables, and the scene fills them.
 */
#ifndef TESTS_BPF_SCENE_H
#define TESTS_BPF_SCENE_H

#include "actor.h"
#include "own_cgroups.h"
#include "watch.h"

#define SCENE_PATH    (OWN_PATH + 16)
#define SCENE_SLOTS   256
#define SCENE_CGROUPS 2

struct scene {
	struct own_cgroups *own;
	struct watch *watch;
	struct {
		const char *name;
		char *path; /* SCENE_PATH bytes */
	} cgroup[SCENE_CGROUPS]; /* made before and removed after each test; NULL: none */
	uint32_t slots;          /* 0: SCENE_SLOTS */
	bool is_usual;           /* as many as an agent has by itself */
	struct actor *actor;     /* whom a test starts and the teardown ends; NULL: nobody */
};

/* For cmocka_run_group_tests(). */
#define SCENE_TEST(NAME, SCENE) cmocka_unit_test_prestate_setup_teardown(NAME, scene_setup, scene_teardown, SCENE)

void scene_split(const struct scene *s); /* first of all in main(), see own_split() */
int scene_setup(void **state);    /* of cmocka; the state is the scene */
int scene_teardown(void **state);

#endif
