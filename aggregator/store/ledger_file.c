/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/ledger_file.h"

#include <errno.h>
#include <string.h>

#include "aggregator/store/ledger.h"
#include "aggregator/store/sql.h"

#define APPLICATION_ID 0x506c696d /* "Plim" */

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

struct file {
	const char *path;
	struct sqlite3 *db;
	struct err *e;
};

int ledger_file_fail(const char *path, struct sqlite3 *db, int r, struct err *e)
{
	switch (r) {
	case -EBUSY:
		err_set(e, r, "cannot use the decisions in %s", path);
		err_cause(e, "another process holds the file");
		return err_fix(e, "stop the other plimsoll-aggregator, or give this one another --state-dir");
	case -EBADMSG:
		err_set(e, r, "the decisions in %s cannot be read", path);
		err_cause(e, "the file is damaged: %s", sql_why(db));
		return err_fix(e, "move the file away and start again; history and pauses begin anew, so look "
				  "for workloads that should be paused");
	default:
		err_set(e, r, "cannot keep decisions in %s", path);
		err_cause(e, "%s", sql_why(db));
		return err_fix(e, "make room and see that this user may write there");
	}
}

static int say(const struct file *f, int r)
{
	return ledger_file_fail(f->path, f->db, r, f->e);
}

/* Not only the pages that are read now: a pause behind a damaged page must not be lost quietly. */
static int check_pages(const struct file *f)
{
	scoped(sql_donep) struct sqlite3_stmt *s = NULL;
	int r = sql_prepare(f->db, "PRAGMA quick_check(1)", &s);
	char found[200] = "";

	if (r == 0)
		r = sql_step(s);
	if (r < 0)
		return say(f, r);
	sql_copy_text(s, 0, found, sizeof(found));
	if (!strcmp(found, "ok"))
		return 0;
	(void)say(f, -EBADMSG);
	return err_cause(f->e, "the file is damaged: %s", found);
}

static int check_version(const struct file *f, bool *ret_empty)
{
	uint64_t id = 0, version = 0, tables = 0;
	int r = sql_ask(f->db, "PRAGMA application_id", &id);

	if (r == 0)
		r = sql_ask(f->db, "PRAGMA user_version", &version);
	if (r == 0)
		r = sql_ask(f->db, "SELECT COUNT(*) FROM sqlite_schema", &tables);
	if (r < 0)
		return say(f, r);
	*ret_empty = !id && !version && !tables;
	if (*ret_empty || (id == APPLICATION_ID && version == LEDGER_SCHEMA))
		return 0;
	err_set(f->e, -EPROTO, "the decisions in %s cannot be used", f->path);
	if (id != APPLICATION_ID) {
		err_cause(f->e, "the file is a database of another program");
		return err_fix(f->e, "move it away, or give another --state-dir");
	}
	err_cause(f->e, "its schema is version %llu, and this program knows %d", (unsigned long long)version,
		  LEDGER_SCHEMA);
	return err_fix(f->e, "run the version that wrote it, or move the file away");
}

/* Exclusive before the log is turned on: its index is then in our own memory, not in a mapped file
 * that a full disk turns into SIGBUS. */
static int seize(const struct file *f)
{
	int r = sql_run(f->db, "PRAGMA locking_mode=EXCLUSIVE");

	if (r == 0)
		r = sql_run(f->db, "BEGIN EXCLUSIVE; COMMIT");
	return r < 0 ? say(f, r) : 0;
}

static int fill(const struct file *f, bool is_new)
{
	int r = sql_run(f->db, "BEGIN");

	_Static_assert(APPLICATION_ID == 1349282157 && LEDGER_SCHEMA == 1, "as below");
	if (r == 0)
		r = sql_run(f->db, schema);
	if (r == 0 && is_new)
		r = sql_run(f->db, "PRAGMA application_id=1349282157; PRAGMA user_version=1");
	if (r == 0)
		r = sql_run(f->db, "COMMIT");
	return r < 0 ? say(f, r) : 0;
}

static int set_up(const struct file *f, struct sqlite3 *from)
{
	bool empty = true;
	int r = seize(f);

	if (r == 0)
		r = check_version(f, &empty);
	if (r < 0)
		return r;
	if (empty && from)
		r = sql_copy(f->db, from);
	if (r == 0)
		r = sql_run(f->db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
				   "PRAGMA journal_size_limit=4194304");
	if (r < 0)
		return say(f, r);
	r = empty && !from ? 0 : check_pages(f);
	return r < 0 ? r : fill(f, empty && !from);
}

int ledger_file_open(const char *path, struct sqlite3 *from, struct sqlite3 **ret, struct err *e)
{
	struct file f = {.path = path, .e = e};
	int r = sql_open(path, &f.db);

	r = r < 0 ? say(&f, r) : set_up(&f, from);
	if (r == 0)
		*ret = f.db;
	else
		sql_close(f.db);
	return r;
}
