/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/status.h"

#include <string.h>

#include "base/scope.h"
#include "ctl/connect.h"
#include "ctl/figure.h"
#include "ctl/method.h"
#include "ctl/table.h"
#include "ctl/terminal.h"
#include "ctl/text.h"
#include "ctl/tree.h"

typedef Plimsoll__V1__StatusResponse answer;

static json_t *tree(const answer *a, const char *address)
{
	json_t *o = tree_object("Status"), *counters = json_object(), *notices = json_array();
	char epoch[24];

	for (size_t i = 0; i < a->n_counter; i++)
		json_object_set_new(counters, a->counter[i]->name,
				    tree_number(true, a->counter[i]->value));
	for (size_t i = 0; i < a->n_notice; i++)
		json_array_append_new(notices, json_pack("{s:o, s:o, s:o, s:o}", "id",
							 tree_string(a->notice[i]->id), "level",
							 tree_string(a->notice[i]->level), "text",
							 tree_string(a->notice[i]->text), "fix",
							 tree_string(a->notice[i]->fix)));
	snprintf(epoch, sizeof(epoch), "%016llx", (unsigned long long)a->epoch);
	json_object_set_new(o, "server", tree_string(address));
	json_object_set_new(o, "program", tree_string(a->program));
	json_object_set_new(o, "version", tree_string(a->version));
	json_object_set_new(o, "node", tree_string(a->node));
	json_object_set_new(o, "uptime_seconds", tree_seconds(true, a->uptime_ns));
	json_object_set_new(o, "epoch", json_string(epoch));
	json_object_set_new(o, "notices", notices);
	json_object_set_new(o, "counters", counters);
	return o;
}

static enum paint level_paint(const char *level)
{
	if (strcmp(level, "ok") == 0)
		return PAINT_GOOD;
	return strcmp(level, "warn") == 0 ? PAINT_WARN : PAINT_BAD;
}

static void print_notice(const Plimsoll__V1__Notice *n, const struct session *s)
{
	scoped(buf_done) struct buf level = {0}, text = {0}, fix = {0}, all = {0};

	text_safe(n->level, &level);
	text_safe(n->text, &text);
	text_safe(n->fix, &fix);
	buf_printf(&all, "  %-4s  %s\n", buf_text(&level), buf_text(&text));
	if (fix.size)
		buf_printf(&all, "        fix: %s\n", buf_text(&fix));
	terminal_print_painted(buf_text(&all), 2 + level.size, &s->style, level_paint(n->level), stdout);
}

static void print_counters(const answer *a, const struct session *s)
{
	static const struct table_column columns[] = {{"COUNTER", TABLE_NAME, 0, false},
						      {"VALUE", TABLE_NUMBER, 0, false}};
	scoped(table_done) struct table t = {0};

	table_begin(&t, columns, 2, true);
	for (size_t i = 0; i < a->n_counter; i++) {
		table_cell(&t, PAINT_PLAIN, "%s", a->counter[i]->name);
		table_cell(&t, PAINT_PLAIN, "%.15g", a->counter[i]->value);
	}
	putchar('\n');
	command_print_table(s, &t);
}

static void print(const answer *a, const char *address, const struct session *s)
{
	scoped(buf_done) struct buf head = {0};
	size_t bold;

	text_safe(a->program, &head);
	buf_printf(&head, " ");
	text_safe(a->version, &head);
	buf_printf(&head, " on ");
	text_safe(a->node, &head);
	bold = head.size;
	buf_printf(&head, ", up %s, %s\n", figure_duration(a->uptime_ns).text, address);
	terminal_print_painted(buf_text(&head), bold, &s->style, PAINT_BOLD, stdout);
	for (size_t i = 0; i < a->n_notice; i++)
		print_notice(a->notice[i], s);
	if (command_is(s, "wide"))
		print_counters(a, s);
}

int status_run(const struct session *s)
{
	scoped(connect_freep) struct connect *c = NULL;
	struct rpc_msg *m = NULL;
	struct err e;
	int r = connect_open(s->o, NULL, &c, &e);

	if (r == 0)
		r = connect_status(c, &m, &e);
	if (r < 0)
		return command_fail(&e);
	const answer *a = (const void *)rpc_msg_get(m);
	scoped(tree_freep) json_t *t = tree(a, connect_address(c));
	scoped(buf_done) struct buf name = {0};
	text_safe(a->program, &name);
	if (command_is(s, "name"))
		printf("%s\n", buf_text(&name));
	else if (command_is(s, "json") || command_is(s, "yaml"))
		tree_print(t, command_is(s, "yaml"), false, stdout);
	else
		print(a, connect_address(c), s);
	rpc_msg_release(m);
	return COMMAND_FINE;
}
