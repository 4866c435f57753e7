/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/describe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/glob.h"
#include "base/scope.h"
#include "ctl/column.h"
#include "ctl/connect.h"
#include "ctl/fleet.h"
#include "ctl/method.h"
#include "ctl/policies.h"
#include "ctl/terminal.h"
#include "ctl/text.h"
#include "ctl/tree.h"

#define SHORT_ID 12 /* digits of a container's id that people and runtimes make do with */
#define PAGE_COLUMNS 100 /* of a page that goes into a file, where signals would make very long lines */
#define WAIT_NS (4 * CLOCK_NS_PER_S) /* by then even a late node has sent two seconds */

struct search {
	const char *word;
	struct fleet *fleet;
	const struct fleet_node *node;
	const struct fleet_row *row; /* the one that fits */
	size_t n;                    /* how many fit */
};

/* "web-7d9f/api" is enough of "shop/web-7d9f/api". */
static bool ends_title(const char *word, const struct fleet_row *r)
{
	size_t all = strlen(r->title), n = strlen(word);

	return n <= all && strcmp(word, r->title + all - n) == 0 && (n == all || r->title[all - n - 1] == '/');
}

static bool begins_id(const char *word, const struct fleet_row *r)
{
	size_t n = strlen(word);

	return n >= SHORT_ID && strncmp(word, r->container_id, n) == 0;
}

static bool fits(const struct search *s, const struct fleet_row *r)
{
	const char *last = strrchr(r->cgroup, '/');

	if (s->word[0] == '/')
		return glob_match(s->word, r->cgroup);
	return strcmp(s->word, r->name) == 0 || strcmp(s->word, r->container_id) == 0 ||
	       ends_title(s->word, r) || begins_id(s->word, r) || (last && strcmp(s->word, last + 1) == 0);
}

static void look(struct search *s)
{
	const struct fleet_node *n;
	size_t nodes = 0;

	s->n = 0;
	while ((n = fleet_next(s->fleet, &nodes))) {
		size_t rows = 0;
		uint64_t id;
		void *row;

		while (map_next(n->rows, &rows, &id, &row)) {
			if (!fits(s, row))
				continue;
			s->node = n;
			s->row = row;
			s->n++;
		}
	}
}

static bool got(const ProtobufCMessage *m, void *data)
{
	struct search *s = data;

	fleet_apply(s->fleet, (const void *)m);
	if (!fleet_rated(s->fleet))
		return true;
	look(s);
	return s->n == 0 || s->row->samples < 2;
}

static int complain(const struct search *s, struct err *e)
{
	if (s->n > 1) {
		err_set(e, -EINVAL, "%zu cgroups fit \"%.100s\"", s->n, s->word);
		err_cause(e, "describe is about one");
		return err_fix(e, "give its whole path, as plimsoll get cgroups lists it");
	}
	err_set(e, -ENOENT, "no cgroup fits \"%.100s\"", s->word);
	if (*s->word == '/') {
		err_cause(e, "it is not there, or it only holds others: what runs something itself is measured");
		return err_fix(e, "plimsoll get cgroups '%s%s**' lists what runs below it; of the whole node tells get nodes",
			       s->word, s->word[1] ? "/" : "");
	}
	err_cause(e, "it is neither a path nor the name of a container or unit that is measured");
	return err_fix(e, "plimsoll get cgroups lists all of them");
}

static void print(const struct session *s, const struct search *found)
{
	scoped(buf_done) struct buf page = {0}, safe = {0};

	if (command_is(s, "json") || command_is(s, "yaml")) {
		scoped(tree_freep) json_t *o = tree_object("Cgroup");

		json_object_set_new(o, "node", tree_string(found->node->name));
		json_object_set_new(o, "cgroup", tree_string(found->row->cgroup));
		json_object_set_new(o, "name", tree_string(found->row->name));
		json_object_set_new(o, "pod_namespace", tree_string(found->row->pod_namespace));
		json_object_set_new(o, "pod_name", tree_string(found->row->pod_name));
		json_object_set_new(o, "workload", tree_string(found->row->workload));
		json_object_set_new(o, "saturation",
				    column_saturation_tree(found->node, found->row));
		json_object_set_new(o, "oom_victim", column_victim_tree(found->node, found->row));
		json_object_set_new(o, "signals", column_tree(found->node, found->row));
		json_object_set_new(o, "quantiles", column_quantiles_tree(found->row));
		tree_print(o, command_is(s, "yaml"), false, stdout);
		return;
	}
	if (command_is(s, "name")) {
		text_safe(found->row->cgroup, &safe);
		printf("cgroup%s\n", buf_text(&safe));
		return;
	}
	column_page(found->node, found->row, terminal_columns(STDOUT_FILENO) ? 0 : PAGE_COLUMNS, &page);
	text_safe_lines(buf_text(&page), &safe);
	terminal_print(buf_text(&safe), stdout);
}

static int describe_cgroup(const struct session *s)
{
	Plimsoll__V1__Query q = PLIMSOLL__V1__QUERY__INIT;
	scoped(connect_freep) struct connect *c = NULL;
	struct search found = {.word = s->words[0], .fleet = fleet_new()};
	struct err e;
	int r = connect_open(s->o, NULL, &c, &e);

	if (r == 0)
		r = connect_follow(c, &method_watch_metrics, &q.base, WAIT_NS, got, &found, &e);
	if (r == 0) {
		look(&found);
		if (found.n == 1)
			print(s, &found);
		else
			r = complain(&found, &e);
	}
	fleet_free(found.fleet);
	return r < 0 ? command_fail(&e) : COMMAND_FINE;
}

int describe_run(const struct session *s)
{
	size_t prefix = strlen(POLICIES_PREFIX);

	if (strncmp(s->words[0], POLICIES_PREFIX, prefix) == 0 && s->words[0][prefix])
		return policies_describe(s, s->words[0] + prefix);
	return describe_cgroup(s);
}
