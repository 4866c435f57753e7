/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/checkpoints.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "aggregator/store/sql.h"
#include "base/mem.h"
#include "base/scope.h"

struct checkpoints {
	struct sqlite3 *db;
	char *path;
};

static const char schema[] = "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
			     "CREATE TABLE IF NOT EXISTS checkpoint (policy TEXT NOT NULL, container TEXT NOT NULL,"
			     " bytes BLOB NOT NULL, PRIMARY KEY (policy, container)) STRICT;";

static int open_file(struct checkpoints *c)
{
	int r = sql_open(c->path, &c->db);

	if (r == 0)
		r = sql_run(c->db, schema);
	if (r == 0)
		r = sql_run(c->db, "SELECT COUNT(length(bytes)) FROM checkpoint"); /* reads every page of it */
	return r;
}

static int move_aside(struct checkpoints *c)
{
	scoped(freep) char *to = mem_printf("%s.damaged", c->path);

	c->db = sql_close(c->db);
	return rename(c->path, to) < 0 ? -errno : 0;
}

int checkpoints_open(const char *state_dir, struct checkpoints **ret, int *ret_moved, struct err *e)
{
	struct checkpoints *c = mem_new(struct checkpoints);
	int r, moved = 0;

	c->path = mem_printf("%s/" CHECKPOINTS_FILE, state_dir);
	r = open_file(c);
	if (r == -EBADMSG) {
		r = move_aside(c);
		moved = r == 0;
		if (r == 0)
			r = open_file(c);
	}
	if (r < 0) {
		err_set(e, r, "cannot keep what recommenders learn in %s", c->path);
		err_cause(e, "%s", c->db ? sql_why(c->db) : "it is damaged and cannot be moved aside");
		err_fix(e, "see that this user may write there, and that no other plimsoll-aggregator uses it");
		checkpoints_free(c);
		return r;
	}
	if (ret_moved)
		*ret_moved = moved;
	*ret = c;
	return 0;
}

struct checkpoints *checkpoints_free(struct checkpoints *c)
{
	if (!c)
		return NULL;
	sql_close(c->db);
	free(c->path);
	free(c);
	return NULL;
}

static int put(struct checkpoints *c, const struct checkpoint *x)
{
	scoped(sql_donep) struct sqlite3_stmt *s = NULL;
	int r = sql_prepare(c->db, "INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?)", &s);

	if (r < 0)
		return r;
	sql_bind_text(s, 1, x->policy);
	sql_bind_text(s, 2, x->container);
	sql_bind_bytes(s, 3, x->bytes, x->size);
	return sql_step(s);
}

int checkpoints_save(struct checkpoints *c, const struct checkpoint *all, size_t n)
{
	int r = sql_run(c->db, "BEGIN;DELETE FROM checkpoint");

	for (size_t i = 0; i < n && r == 0; i++)
		r = put(c, &all[i]);
	if (r == 0)
		r = sql_run(c->db, "COMMIT");
	if (r < 0)
		(void)sql_run(c->db, "ROLLBACK");
	return r;
}

int checkpoints_each(struct checkpoints *c, const char *policy, void (*each)(const struct checkpoint *x, void *data),
		     void *data)
{
	scoped(sql_donep) struct sqlite3_stmt *s = NULL;
	int r = sql_prepare(c->db, "SELECT policy, container, bytes FROM checkpoint WHERE policy = ?", &s);

	if (r < 0)
		return r;
	sql_bind_text(s, 1, policy);
	while ((r = sql_next(s)) > 0) {
		struct checkpoint x = {.policy = sql_text(s, 0), .container = sql_text(s, 1)};

		x.bytes = sql_bytes(s, 2, &x.size);
		each(&x, data);
	}
	return r;
}
