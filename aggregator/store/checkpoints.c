/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/checkpoints.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/scope.h"

struct checkpoints {
	sqlite3 *db;
	char *path;
};

static const char schema[] = "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
			     "CREATE TABLE IF NOT EXISTS checkpoint (policy TEXT NOT NULL, container TEXT NOT NULL,"
			     " bytes BLOB NOT NULL, PRIMARY KEY (policy, container)) STRICT;";

static int errno_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	default:
		return -EIO;
	}
}

static void finalizep(sqlite3_stmt **s)
{
	sqlite3_finalize(*s);
}

static int execute(struct checkpoints *c, const char *sql)
{
	return errno_of(sqlite3_exec(c->db, sql, NULL, NULL, NULL));
}

static int open_file(struct checkpoints *c)
{
	int r = errno_of(sqlite3_open(c->path, &c->db));

	if (r == 0)
		r = execute(c, schema);
	if (r == 0)
		r = execute(c, "SELECT COUNT(length(bytes)) FROM checkpoint"); /* reads every page of it */
	return r;
}

static int move_aside(struct checkpoints *c)
{
	scoped(freep) char *to = mem_printf("%s.damaged", c->path);

	sqlite3_close(c->db);
	c->db = NULL;
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
		err_cause(e, "%s", c->db ? sqlite3_errmsg(c->db) : "it is damaged and cannot be moved aside");
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
	sqlite3_close(c->db);
	free(c->path);
	free(c);
	return NULL;
}

static int put(struct checkpoints *c, const struct checkpoint *x)
{
	scoped(finalizep) sqlite3_stmt *s = NULL;
	int r = errno_of(sqlite3_prepare_v2(c->db, "INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?)", -1, &s, NULL));

	if (r < 0)
		return r;
	sqlite3_bind_text(s, 1, x->policy, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 2, x->container, -1, SQLITE_STATIC);
	sqlite3_bind_blob(s, 3, x->bytes, (int)x->size, SQLITE_STATIC);
	return errno_of(sqlite3_step(s));
}

int checkpoints_save(struct checkpoints *c, const struct checkpoint *all, size_t n)
{
	int r = execute(c, "BEGIN;DELETE FROM checkpoint");

	for (size_t i = 0; i < n && r == 0; i++)
		r = put(c, &all[i]);
	if (r == 0)
		r = execute(c, "COMMIT");
	if (r < 0)
		(void)execute(c, "ROLLBACK");
	return r;
}

int checkpoints_each(struct checkpoints *c, void (*each)(const struct checkpoint *x, void *data), void *data)
{
	scoped(finalizep) sqlite3_stmt *s = NULL;
	int code, r = errno_of(sqlite3_prepare_v2(c->db, "SELECT policy, container, bytes FROM checkpoint", -1, &s, NULL));

	if (r < 0)
		return r;
	while ((code = sqlite3_step(s)) == SQLITE_ROW) {
		struct checkpoint x = {(const char *)sqlite3_column_text(s, 0), (const char *)sqlite3_column_text(s, 1),
				       sqlite3_column_blob(s, 2), (size_t)sqlite3_column_bytes(s, 2)};

		each(&x, data);
	}
	return errno_of(code);
}
