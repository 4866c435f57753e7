/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/ledger.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/scope.h"

#define APPLICATION_ID 0x506c696d /* "Plim" */

struct ledger {
	sqlite3 *db;
	char *path;
	dev_t device;
	ino_t inode;
	uint64_t count, octets; /* kept: decisions, and bytes of their records */
	uint64_t before_count, before_octets; /* at begin, for rollback */
};

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS decision (id INTEGER PRIMARY KEY, wall_unix_ns INTEGER NOT NULL,"
	" boottime_ns INTEGER NOT NULL, load_age_ns INTEGER NOT NULL, replicas_from INTEGER NOT NULL,"
	" replicas_to INTEGER NOT NULL, workload TEXT NOT NULL, policy TEXT NOT NULL,"
	" reason TEXT NOT NULL, cause TEXT NOT NULL, mode TEXT NOT NULL, outcome TEXT NOT NULL,"
	" octets INTEGER NOT NULL) STRICT;"
	"CREATE INDEX IF NOT EXISTS decision_workload ON decision (workload, id);"
	"CREATE TABLE IF NOT EXISTS record (id INTEGER PRIMARY KEY, json TEXT NOT NULL) STRICT;"
	"CREATE TABLE IF NOT EXISTS pause (workload TEXT PRIMARY KEY, since_unix_ns INTEGER NOT NULL,"
	" until_unix_ns INTEGER NOT NULL, why TEXT NOT NULL) STRICT;";

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

static void finalizep(sqlite3_stmt **s)
{
	sqlite3_finalize(*s);
}

static int execute(struct ledger *l, const char *sql)
{
	return errno_of(sqlite3_exec(l->db, sql, NULL, NULL, NULL));
}

static int prepare(struct ledger *l, const char *sql, sqlite3_stmt **ret)
{
	return errno_of(sqlite3_prepare_v2(l->db, sql, -1, ret, NULL));
}

static void bind_text(sqlite3_stmt *s, int at, const char *text)
{
	sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC);
}

static void bind_number(sqlite3_stmt *s, int at, uint64_t value)
{
	sqlite3_bind_int64(s, at, (sqlite3_int64)value);
}

static int step(sqlite3_stmt *s)
{
	return errno_of(sqlite3_step(s));
}

static uint64_t number(sqlite3_stmt *s, int column)
{
	return (uint64_t)sqlite3_column_int64(s, column);
}

static void copy_text(sqlite3_stmt *s, int column, char *ret, size_t size)
{
	const unsigned char *text = sqlite3_column_text(s, column);

	snprintf(ret, size, "%s", text ? (const char *)text : "");
}

static int ask_number(struct ledger *l, const char *sql, uint64_t *ret)
{
	scoped(finalizep) sqlite3_stmt *s = NULL;
	int r = prepare(l, sql, &s);

	if (r == 0)
		r = step(s);
	if (r == 0)
		*ret = number(s, 0);
	return r;
}

/* Open */

static int say(const struct ledger *l, int r, struct err *e)
{
	switch (r) {
	case -EBUSY:
		err_set(e, r, "cannot use the decisions in %s", l->path);
		err_cause(e, "another process holds the file");
		return err_fix(e, "stop the other plimsoll-aggregator, or give this one another --state-dir");
	case -EBADMSG:
		err_set(e, r, "the decisions in %s cannot be read", l->path);
		err_cause(e, "the file is damaged: %s", sqlite3_errmsg(l->db));
		return err_fix(e, "move the file away and start again; history and pauses begin anew, so look "
				  "for workloads that should be paused");
	default:
		err_set(e, r, "cannot keep decisions in %s", l->path);
		err_cause(e, "%s", ledger_why(l));
		return err_fix(e, "make room and see that this user may write there");
	}
}

/* Not only the pages that are read now: a pause behind a damaged page must not be lost quietly. */
static int check_pages(struct ledger *l, struct err *e)
{
	scoped(finalizep) sqlite3_stmt *s = NULL;
	int r = prepare(l, "PRAGMA quick_check(1)", &s);
	char found[200] = "";

	if (r == 0)
		r = step(s);
	if (r < 0)
		return say(l, r, e);
	copy_text(s, 0, found, sizeof(found));
	if (!strcmp(found, "ok"))
		return 0;
	(void)say(l, -EBADMSG, e);
	return err_cause(e, "the file is damaged: %s", found);
}

static int check_version(struct ledger *l, bool *ret_empty, struct err *e)
{
	uint64_t id = 0, version = 0, tables = 0;
	int r = ask_number(l, "PRAGMA application_id", &id);

	if (r == 0)
		r = ask_number(l, "PRAGMA user_version", &version);
	if (r == 0)
		r = ask_number(l, "SELECT COUNT(*) FROM sqlite_schema", &tables);
	if (r < 0)
		return say(l, r, e);
	*ret_empty = !id && !version && !tables;
	if (*ret_empty || (id == APPLICATION_ID && version == LEDGER_SCHEMA))
		return 0;
	err_set(e, -EPROTO, "the decisions in %s cannot be used", l->path);
	if (id != APPLICATION_ID) {
		err_cause(e, "the file is a database of another program");
		return err_fix(e, "move it away, or give another --state-dir");
	}
	err_cause(e, "its schema is version %llu, and this program knows %d",
		  (unsigned long long)version, LEDGER_SCHEMA);
	return err_fix(e, "run the version that wrote it, or move the file away");
}

static int carry_over(struct ledger *l, struct ledger *from)
{
	sqlite3_backup *b = sqlite3_backup_init(l->db, "main", from->db, "main");
	int r;

	if (!b)
		return errno_of(sqlite3_errcode(l->db));
	sqlite3_backup_step(b, -1);
	r = errno_of(sqlite3_backup_finish(b));
	return r;
}

/* Exclusive before the log is turned on: its index is then in our own memory, not in a mapped file
 * that a full disk turns into SIGBUS. */
static int set_up(struct ledger *l, struct ledger *from, struct err *e)
{
	bool empty = true;
	int r = execute(l, "PRAGMA locking_mode=EXCLUSIVE");

	if (r == 0)
		r = execute(l, "BEGIN EXCLUSIVE; COMMIT");
	if (r < 0)
		return say(l, r, e);
	r = check_version(l, &empty, e);
	if (r < 0)
		return r;
	if (empty && from)
		r = carry_over(l, from);
	if (r == 0)
		r = execute(l, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
			       "PRAGMA journal_size_limit=4194304");
	if (r < 0)
		return say(l, r, e);
	if (!empty || from) {
		r = check_pages(l, e);
		if (r < 0)
			return r;
	}
	r = execute(l, "BEGIN");
	if (r == 0)
		r = execute(l, schema);
	if (r == 0 && empty && !from)
		r = execute(l, "PRAGMA application_id=1349282157; PRAGMA user_version=1");
	if (r == 0)
		r = execute(l, "COMMIT");
	if (r == 0)
		r = ask_number(l, "SELECT COUNT(*) FROM decision", &l->count);
	if (r == 0)
		r = ask_number(l, "SELECT COALESCE(SUM(octets), 0) FROM decision", &l->octets);
	return r < 0 ? say(l, r, e) : 0;
}

static int remember_file(struct ledger *l, struct err *e)
{
	struct stat st;

	if (stat(l->path, &st) < 0)
		return err_set(e, -errno, "cannot keep decisions in %s", l->path);
	l->device = st.st_dev;
	l->inode = st.st_ino;
	return 0;
}

int ledger_open(const char *path, struct ledger *from, struct ledger **ret, struct err *e)
{
	struct ledger *l = mem_new(struct ledger);
	int r;

	_Static_assert(APPLICATION_ID == 1349282157 && LEDGER_SCHEMA == 1, "as in set_up()");
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is an error of write(), nothing to die of */
	l->path = mem_strdup(path);
	r = errno_of(sqlite3_open_v2(path, &l->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL));
	r = r < 0 ? say(l, r, e) : set_up(l, from, e);
	if (r == 0)
		r = remember_file(l, e);
	if (r < 0) {
		ledger_free(l);
		return r;
	}
	*ret = l;
	return 0;
}

struct ledger *ledger_free(struct ledger *l)
{
	if (!l)
		return NULL;
	sqlite3_close(l->db);
	free(l->path);
	free(l);
	return NULL;
}

bool ledger_there(const struct ledger *l)
{
	struct stat st;

	return stat(l->path, &st) == 0 && st.st_dev == l->device && st.st_ino == l->inode;
}

const char *ledger_why(const struct ledger *l)
{
	int code = sqlite3_errcode(l->db) & 0xff, system = sqlite3_system_errno(l->db);

	return system && (code == SQLITE_IOERR || code == SQLITE_CANTOPEN) ? strerror(system)
									   : sqlite3_errmsg(l->db);
}

/* Write */

int ledger_begin(struct ledger *l, bool durable)
{
	int r = execute(l, durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");

	l->before_count = l->count;
	l->before_octets = l->octets;
	return r == 0 ? execute(l, "BEGIN") : r;
}

static int put_record(struct ledger *l, uint64_t id, const char *record)
{
	scoped(finalizep) sqlite3_stmt *s = NULL;
	int r = prepare(l, "INSERT INTO record VALUES (?, ?)", &s);

	if (r < 0)
		return r;
	bind_number(s, 1, id);
	bind_text(s, 2, record);
	return step(s);
}

int ledger_put(struct ledger *l, const struct decision *x, const char *record)
{
	scoped(finalizep) sqlite3_stmt *s = NULL;
	const char *const texts[] = {x->workload, x->policy, x->reason, x->trigger, x->mode, x->outcome};
	const uint64_t numbers[] = {x->id, x->wall_unix_ns, x->boottime_ns, x->load_age_ns, x->from, x->to};
	size_t octets = strlen(record);
	int r = prepare(l, "INSERT INTO decision VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", &s);

	if (r < 0)
		return r;
	for (int i = 0; i < 6; i++) {
		bind_number(s, 1 + i, numbers[i]);
		bind_text(s, 7 + i, texts[i]);
	}
	bind_number(s, 13, octets);
	r = step(s);
	if (r == 0)
		r = put_record(l, x->id, record);
	if (r == 0) {
		l->count++;
		l->octets += octets;
	}
	return r;
}

int ledger_outcome(struct ledger *l, uint64_t id, const char *outcome)
{
	scoped(finalizep) sqlite3_stmt *s = NULL;
	int r = prepare(l, "UPDATE decision SET outcome = ? WHERE id = ?", &s);

	if (r < 0)
		return r;
	bind_text(s, 1, outcome);
	bind_number(s, 2, id);
	return step(s);
}

int ledger_pause(struct ledger *l, const struct pause *p)
{
	scoped(finalizep) sqlite3_stmt *s = NULL;
	int r = prepare(l, "INSERT OR REPLACE INTO pause VALUES (?, ?, ?, ?)", &s);

	if (r < 0)
		return r;
	bind_text(s, 1, p->workload);
	bind_number(s, 2, p->since_unix_ns);
	bind_number(s, 3, p->until_unix_ns);
	bind_text(s, 4, p->why);
	return step(s);
}

int ledger_resume(struct ledger *l, const char *workload)
{
	scoped(finalizep) sqlite3_stmt *s = NULL;
	int r = prepare(l, "DELETE FROM pause WHERE workload = ?", &s);

	if (r < 0)
		return r;
	bind_text(s, 1, workload);
	return step(s);
}

static int delete_up_to(struct ledger *l, const char *sql, uint64_t id)
{
	scoped(finalizep) sqlite3_stmt *s = NULL;
	int r = prepare(l, sql, &s);

	if (r < 0)
		return r;
	bind_number(s, 1, id);
	return step(s);
}

/* The oldest go until both limits hold; the newest one always stays. */
static int prune(struct ledger *l, uint64_t keep, uint64_t keep_octets)
{
	scoped(finalizep) sqlite3_stmt *s = NULL;
	uint64_t last = 0;
	int r;

	if (l->count <= keep && l->octets <= keep_octets)
		return 0;
	r = prepare(l, "SELECT id, octets FROM decision ORDER BY id", &s);
	while (r == 0 && l->count > 1 && (l->count > keep || l->octets > keep_octets)) {
		r = step(s);
		if (r < 0)
			return r;
		last = number(s, 0);
		l->octets -= number(s, 1);
		l->count--;
	}
	sqlite3_finalize(take(s));
	if (r == 0 && last)
		r = delete_up_to(l, "DELETE FROM decision WHERE id <= ?", last);
	if (r == 0 && last)
		r = delete_up_to(l, "DELETE FROM record WHERE id <= ?", last);
	return r;
}

int ledger_commit(struct ledger *l, uint64_t keep, uint64_t keep_octets, uint64_t *ret_pruned)
{
	uint64_t before = l->count;
	int r = prune(l, keep, keep_octets);

	if (r == 0)
		r = execute(l, "COMMIT");
	if (r == 0)
		*ret_pruned = before - l->count;
	return r;
}

void ledger_rollback(struct ledger *l)
{
	if (!sqlite3_get_autocommit(l->db)) /* some failures have rolled back already */
		(void)execute(l, "ROLLBACK");
	l->count = l->before_count;
	l->octets = l->before_octets;
}

/* Read */

uint64_t ledger_last_id(struct ledger *l)
{
	uint64_t id = 0;

	return ask_number(l, "SELECT COALESCE(MAX(id), 0) FROM decision", &id) == 0 ? id : 0;
}

static void read_decision(sqlite3_stmt *s, struct decision *ret)
{
	*ret = (struct decision){
		.id = number(s, 0),
		.wall_unix_ns = number(s, 1),
		.boottime_ns = number(s, 2),
		.load_age_ns = number(s, 3),
		.from = (uint32_t)number(s, 4),
		.to = (uint32_t)number(s, 5),
	};
	copy_text(s, 6, ret->workload, sizeof(ret->workload));
	copy_text(s, 7, ret->policy, sizeof(ret->policy));
	copy_text(s, 8, ret->reason, sizeof(ret->reason));
	copy_text(s, 9, ret->trigger, sizeof(ret->trigger));
	copy_text(s, 10, ret->mode, sizeof(ret->mode));
	copy_text(s, 11, ret->outcome, sizeof(ret->outcome));
}

static int prepare_query(struct ledger *l, const char *select, const struct decisions_query *q,
			 const char *order, sqlite3_stmt **ret)
{
	scoped(buf_done) struct buf sql = {0};
	int r;

	buf_printf(&sql, "%s WHERE wall_unix_ns >= ?", select);
	if (q->before_id)
		buf_printf(&sql, " AND id < %llu", (unsigned long long)q->before_id);
	for (size_t i = 0; i < q->n_workload; i++)
		buf_printf(&sql, i ? ", ?" : " AND workload IN (?");
	buf_printf(&sql, "%s%s", q->n_workload ? ")" : "", order);
	r = prepare(l, buf_text(&sql), ret);
	if (r < 0)
		return r;
	bind_number(*ret, 1, q->since_unix_ns);
	for (size_t i = 0; i < q->n_workload; i++)
		bind_text(*ret, 2 + (int)i, q->workload[i]);
	return 0;
}

int ledger_each(struct ledger *l, const struct decisions_query *q,
		bool (*each)(const struct decision *x, void *data), void *data)
{
	scoped(finalizep) sqlite3_stmt *s = NULL;
	int r = prepare_query(l, "SELECT * FROM decision", q, " ORDER BY id DESC", &s);
	struct decision x;

	while (r == 0) {
		int code = sqlite3_step(s);

		if (code != SQLITE_ROW)
			return errno_of(code);
		read_decision(s, &x);
		if (!each(&x, data))
			return 0;
	}
	return r;
}

int ledger_count(struct ledger *l, const struct decisions_query *q, uint64_t *ret_n)
{
	scoped(finalizep) sqlite3_stmt *s = NULL;
	int r = prepare_query(l, "SELECT COUNT(*) FROM decision", q, "", &s);

	if (r == 0)
		r = step(s);
	if (r == 0)
		*ret_n = number(s, 0);
	return r;
}

int ledger_get(struct ledger *l, uint64_t id, struct decision *ret, char **ret_record)
{
	scoped(finalizep) sqlite3_stmt *s = NULL;
	int r = prepare(l, "SELECT decision.*, json FROM decision JOIN record USING (id) WHERE id = ?",
			&s);
	int code;

	if (r < 0)
		return r;
	bind_number(s, 1, id);
	code = sqlite3_step(s);
	if (code == SQLITE_DONE)
		return -ENOENT;
	if (code != SQLITE_ROW)
		return errno_of(code);
	read_decision(s, ret);
	if (ret_record)
		*ret_record = mem_strdup((const char *)sqlite3_column_text(s, 13));
	return 0;
}

int ledger_each_pause(struct ledger *l, void (*each)(const struct pause *p, void *data), void *data)
{
	scoped(finalizep) sqlite3_stmt *s = NULL;
	int r = prepare(l, "SELECT * FROM pause", &s);

	while (r == 0) {
		struct pause p = {0};
		int code = sqlite3_step(s);

		if (code != SQLITE_ROW)
			return errno_of(code);
		copy_text(s, 0, p.workload, sizeof(p.workload));
		p.since_unix_ns = number(s, 1);
		p.until_unix_ns = number(s, 2);
		copy_text(s, 3, p.why, sizeof(p.why));
		each(&p, data);
	}
	return r;
}
