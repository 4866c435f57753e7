/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <stdio.h>

void scene_split(const struct scene *s)
{
	own_split(s->own);
	for (int i = 0; i < SCENE_CGROUPS && s->cgroup[i].name; i++)
		snprintf(s->cgroup[i].path, SCENE_PATH, "%s/%s", s->own->top, s->cgroup[i].name);
}

int scene_setup(void **state)
{
	const struct scene *s = *state;

	for (int i = 0; i < SCENE_CGROUPS && s->cgroup[i].name; i++)
		own_make(s->own, s->cgroup[i].path);
	watch_open(s->watch, s->is_usual ? 0 : s->slots ? s->slots : SCENE_SLOTS);
	return 0;
}

int scene_teardown(void **state)
{
	const struct scene *s = *state;

	if (s->actor)
		actor_end(s->actor);
	watch_close(s->watch);
	for (int i = 0; i < SCENE_CGROUPS && s->cgroup[i].name; i++)
		own_remove(s->own, s->cgroup[i].path);
	return 0;
}
