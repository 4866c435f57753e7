/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/sql.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static int errno_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CANTOPEN:
		return -ENOENT;
	case SQLITE_NOMEM:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

/* --- the file ----------------------------------------------------------------------------------- */

int sql_open(const char *path, struct sqlite3 **ret)
{
	return errno_of(sqlite3_open_v2(path, ret, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL));
}

struct sqlite3 *sql_close(struct sqlite3 *db)
{
	sqlite3_close(db);
	return NULL;
}

const char *sql_why(struct sqlite3 *db)
{
	int code = sqlite3_errcode(db) & 0xff, system = db ? sqlite3_system_errno(db) : 0;

	return system && (code == SQLITE_IOERR || code == SQLITE_CANTOPEN) ? strerror(system) : sqlite3_errmsg(db);
}

int sql_run(struct sqlite3 *db, const char *sql)
{
	return errno_of(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

int sql_ask(struct sqlite3 *db, const char *sql, uint64_t *ret)
{
	scoped(sql_donep) struct sqlite3_stmt *s = NULL;
	int r = sql_prepare(db, sql, &s);

	if (r == 0)
		r = sql_step(s);
	if (r == 0)
		*ret = sql_number(s, 0);
	return r;
}

bool sql_is_open(struct sqlite3 *db)
{
	return !sqlite3_get_autocommit(db);
}

int sql_copy(struct sqlite3 *to, struct sqlite3 *from)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");

	if (!b)
		return errno_of(sqlite3_errcode(to));
	sqlite3_backup_step(b, -1);
	return errno_of(sqlite3_backup_finish(b));
}

/* --- statements --------------------------------------------------------------------------------- */

int sql_prepare(struct sqlite3 *db, const char *sql, struct sqlite3_stmt **ret)
{
	return errno_of(sqlite3_prepare_v2(db, sql, -1, ret, NULL));
}

struct sqlite3_stmt *sql_done(struct sqlite3_stmt *s)
{
	sqlite3_finalize(s);
	return NULL;
}

void sql_bind_text(struct sqlite3_stmt *s, int at, const char *text)
{
	sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC);
}

void sql_bind_number(struct sqlite3_stmt *s, int at, uint64_t value)
{
	sqlite3_bind_int64(s, at, (sqlite3_int64)value);
}

void sql_bind_bytes(struct sqlite3_stmt *s, int at, const void *bytes, size_t size)
{
	sqlite3_bind_blob64(s, at, bytes, size, SQLITE_STATIC);
}

int sql_next(struct sqlite3_stmt *s)
{
	int code = sqlite3_step(s);

	return code == SQLITE_ROW ? 1 : errno_of(code);
}

int sql_step(struct sqlite3_stmt *s)
{
	return errno_of(sqlite3_step(s));
}

uint64_t sql_number(struct sqlite3_stmt *s, int column)
{
	return (uint64_t)sqlite3_column_int64(s, column);
}

const char *sql_text(struct sqlite3_stmt *s, int column)
{
	return (const char *)sqlite3_column_text(s, column);
}

void sql_copy_text(struct sqlite3_stmt *s, int column, char *ret, size_t size)
{
	const char *text = sql_text(s, column);

	snprintf(ret, size, "%s", text ? text : "");
}

const void *sql_bytes(struct sqlite3_stmt *s, int column, size_t *ret_size)
{
	const void *bytes = sqlite3_column_blob(s, column);

	*ret_size = (size_t)sqlite3_column_bytes(s, column);
	return bytes;
}
