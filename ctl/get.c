/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/get.h"

#include <errno.h>
#include <string.h>

#include "ctl/decisions.h"
#include "ctl/edges.h"
#include "ctl/measured.h"
#include "ctl/policies.h"
#include "ctl/recommendations.h"
#include "ctl/takes.h"
#include "ctl/workload.h"

#define ROWS GET_STREAM " sort=name|cpu|memory|saturation|requests"

static const struct kind {
	const char *name, *alias; /* the singular */
	const char *takes;
	int (*show)(const struct session *s, char **names, size_t n, bool watch);
} kinds[] = {
	{"workloads", "workload", GET_STREAM " sort", workload_show},
	{"nodes", "node", GET_STREAM, measured_nodes},
	{"containers", "container", ROWS, measured_containers},
	{"pods", "pod", ROWS, measured_pods},
	{"cgroups", "cgroup", ROWS, measured_cgroups},
	{"edges", "edge", GET_STREAM, edges_show},
	{"decisions", "decision", GET_DECISIONS, decisions_show},
	{"policies", "policy", GET_STREAM, policies_show},
	{"recommendations", "recommendation", GET_STREAM, recommendations_show},
};

const char *const get_kinds[] = {"workloads", "nodes", "containers", "pods", "cgroups", "edges", "decisions",
				 "policies", "recommendations"};
const size_t get_n_kinds = sizeof(get_kinds) / sizeof(get_kinds[0]);

static const struct kind *find(const char *word)
{
	for (size_t i = 0; i < get_n_kinds; i++)
		if (strcmp(kinds[i].name, word) == 0 || strcmp(kinds[i].alias, word) == 0)
			return &kinds[i];
	return NULL;
}

static const struct kind *asked(const struct session *s)
{
	return s->n ? find(s->words[0]) : &kinds[0];
}

const char *get_kind(const struct session *s)
{
	const struct kind *k = asked(s);

	return k ? k->name : NULL;
}

const char *get_takes(const char *kind)
{
	return find(kind)->takes;
}

bool get_takes_any(const char *key)
{
	for (size_t i = 0; i < get_n_kinds; i++)
		if (takes_has(kinds[i].takes, key))
			return true;
	return false;
}

bool get_knows(const char *word)
{
	return find(word) != NULL;
}

static int unknown(const char *word)
{
	const char *near = err_nearest(word, get_kinds, get_n_kinds);
	struct err e;

	err_set(&e, -EINVAL, "\"%.60s\" cannot be listed", word);
	err_cause(&e, "there are workloads, nodes, containers, pods, cgroups, edges, decisions, policies and recommendations");
	if (near)
		err_fix(&e, "did you mean \"plimsoll get %s\"?", near);
	else
		err_fix(&e, "plimsoll get workloads %.60s asks for a workload of that name", word);
	return command_usage(&e);
}

static int show(const struct session *s, bool watch)
{
	const struct kind *k = asked(s);

	if (!k)
		return unknown(s->words[0]);
	return k->show(s, s->words + !!s->n, s->n - !!s->n, watch);
}

int get_run(const struct session *s)
{
	return show(s, s->o->watch);
}

int get_watch(const struct session *s)
{
	return show(s, true);
}
