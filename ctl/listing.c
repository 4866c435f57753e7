/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/listing.h"

#include <string.h>

#include "base/scope.h"
#include "ctl/figure.h"
#include "ctl/terminal.h"
#include "ctl/text.h"

void listing_begin(struct listing_printer *p, const struct listing *l, const struct session *s,
		   bool stream)
{
	size_t skip = stream ? 0 : 1;

	p->listing = l;
	p->session = s;
	p->stream = stream;
	table_begin(&p->table, l->columns + skip, l->n_columns - skip, command_is(s, "wide"));
}

static void print_table(struct listing_printer *p, const void *const *items, size_t n,
			uint64_t unix_ns)
{
	if (n == 0 && !p->stream) {
		terminal_print(p->listing->none, stderr);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (p->stream)
			table_cell(&p->table, PAINT_DIM, "%s", figure_clock(unix_ns).text);
		p->listing->cells(&p->table, items[i]);
	}
	if (command_is(p->session, "wide") && !p->stream)
		command_fold_table(p->session, &p->table); /* who asks for everything gets it */
	else
		command_print_table(p->session, &p->table);
}

static void print_names(const struct listing_printer *p, const void *const *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		scoped(buf_done) struct buf name = {0};

		text_safe(p->listing->name(items[i]), &name);
		printf("%s%s%s\n", p->listing->word, *buf_text(&name) == '/' ? "" : "/",
		       buf_text(&name));
	}
}

static void print_stream(const struct listing_printer *p, const void *const *items, size_t n,
			 uint64_t unix_ns, bool yaml)
{
	for (size_t i = 0; i < n; i++) {
		scoped(tree_freep) json_t *line = tree_object(p->listing->kind);
		scoped(tree_freep) json_t *item = p->listing->tree(items[i]);

		json_object_set_new(line, "time", tree_time(unix_ns));
		json_object_update(line, item);
		tree_print(line, yaml, true, stdout);
	}
}

static void print_tree(const struct listing_printer *p, const void *const *items, size_t n,
		       bool yaml)
{
	json_t *all = json_array();
	char kind[64];

	for (size_t i = 0; i < n; i++)
		json_array_append_new(all, p->listing->tree(items[i]));
	snprintf(kind, sizeof(kind), "%sList", p->listing->kind);
	scoped(tree_freep) json_t *list = tree_list(kind, all);
	tree_print(list, yaml, false, stdout);
}

int listing_print(struct listing_printer *p, const void *const *items, size_t n, uint64_t unix_ns)
{
	const struct session *s = p->session;
	bool yaml = command_is(s, "yaml");

	if (command_is(s, "name"))
		print_names(p, items, n);
	else if (!yaml && !command_is(s, "json"))
		print_table(p, items, n, unix_ns);
	else if (p->stream)
		print_stream(p, items, n, unix_ns, yaml);
	else
		print_tree(p, items, n, yaml);
	return command_flush();
}

void listing_done(struct listing_printer *p)
{
	table_done(&p->table);
}
