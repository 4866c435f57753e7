/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite as the files of state see it (store/ledger.h, store/checkpoints.h): its statements in our manners, its
 * results as negative errno, and the only place that includes it. -EBUSY: another process holds the file, -EBADMSG: it
 * is damaged or none of SQLite's, -ENOSPC, -EROFS, -ENOENT: it cannot be opened, -ENOMEM, else -EIO. Texts and bytes
 * that are bound are borrowed until the statement is gone. Loop-thread-only; blocks as the disk does.
 */
#ifndef AGGREGATOR_STORE_SQL_H
#define AGGREGATOR_STORE_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"

struct sqlite3;
struct sqlite3_stmt;

/* Makes the file when it is missing. *ret is the caller's also after a failure, for sql_why(); NULL: no memory. */
int sql_open(const char *path, struct sqlite3 **ret);
struct sqlite3 *sql_close(struct sqlite3 *db); /* NULL is fine; returns NULL */
const char *sql_why(struct sqlite3 *db);       /* of the last failure, until the next call; NULL is fine */
int sql_run(struct sqlite3 *db, const char *sql); /* any number of statements, whose rows nobody wants */
int sql_ask(struct sqlite3 *db, const char *sql, uint64_t *ret); /* one number */
bool sql_is_open(struct sqlite3 *db); /* there is a transaction that neither was committed nor rolled back */
int sql_copy(struct sqlite3 *to, struct sqlite3 *from); /* the whole file */

/* One statement; *ret is the caller's. Parameters count from 1, columns from 0. */
int sql_prepare(struct sqlite3 *db, const char *sql, struct sqlite3_stmt **ret);
struct sqlite3_stmt *sql_done(struct sqlite3_stmt *s); /* NULL is fine; returns NULL */
void sql_bind_text(struct sqlite3_stmt *s, int at, const char *text);
void sql_bind_number(struct sqlite3_stmt *s, int at, uint64_t value);
void sql_bind_bytes(struct sqlite3_stmt *s, int at, const void *bytes, size_t size);
int sql_next(struct sqlite3_stmt *s); /* 1: a row, 0: there is none any more */
int sql_step(struct sqlite3_stmt *s); /* the same, for what has at most one row: 0 */
uint64_t sql_number(struct sqlite3_stmt *s, int column);
const char *sql_text(struct sqlite3_stmt *s, int column); /* until the next step; NULL: there is none */
void sql_copy_text(struct sqlite3_stmt *s, int column, char *ret, size_t size);
const void *sql_bytes(struct sqlite3_stmt *s, int column, size_t *ret_size); /* as sql_text() */

scope_define(struct sqlite3_stmt, sql_done)

#endif
