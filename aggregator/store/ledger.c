/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/ledger.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "aggregator/store/ledger_file.h"
#include "aggregator/store/sql.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/scope.h"

struct ledger {
	struct sqlite3 *db;
	char *path;
	dev_t device;
	ino_t inode;
	uint64_t count, octets; /* kept: decisions, and bytes of their records */
	uint64_t before_count, before_octets; /* at begin, for rollback */
};

/* Open */

static int remember_file(struct ledger *l, struct err *e)
{
	struct stat st;

	if (stat(l->path, &st) < 0)
		return err_set(e, -errno, "cannot keep decisions in %s", l->path);
	l->device = st.st_dev;
	l->inode = st.st_ino;
	return 0;
}

static int count(struct ledger *l, struct err *e)
{
	int r = sql_ask(l->db, "SELECT COUNT(*) FROM decision", &l->count);

	if (r == 0)
		r = sql_ask(l->db, "SELECT COALESCE(SUM(octets), 0) FROM decision", &l->octets);
	return r < 0 ? ledger_file_fail(l->path, l->db, r, e) : 0;
}

int ledger_open(const char *path, struct ledger *from, struct ledger **ret, struct err *e)
{
	struct ledger *l = mem_new(struct ledger);
	int r;

	signal(SIGXFSZ, SIG_IGN); /* a file size limit is an error of write(), nothing to die of */
	l->path = mem_strdup(path);
	r = ledger_file_open(path, from ? from->db : NULL, &l->db, e);
	if (r == 0)
		r = count(l, e);
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
	sql_close(l->db);
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
	return sql_why(l->db);
}

/* Write */

int ledger_begin(struct ledger *l, bool durable)
{
	int r = sql_run(l->db, durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");

	l->before_count = l->count;
	l->before_octets = l->octets;
	return r == 0 ? sql_run(l->db, "BEGIN") : r;
}

static int put_record(struct ledger *l, uint64_t id, const char *record)
{
	scoped(sql_donep) struct sqlite3_stmt *s = NULL;
	int r = sql_prepare(l->db, "INSERT INTO record VALUES (?, ?)", &s);

	if (r < 0)
		return r;
	sql_bind_number(s, 1, id);
	sql_bind_text(s, 2, record);
	return sql_step(s);
}

int ledger_put(struct ledger *l, const struct decision *x, const char *record)
{
	scoped(sql_donep) struct sqlite3_stmt *s = NULL;
	const char *const texts[] = {x->workload, x->policy, x->reason, x->trigger, x->mode, x->outcome};
	const uint64_t numbers[] = {x->id, x->wall_unix_ns, x->boottime_ns, x->load_age_ns, x->from, x->to};
	size_t octets = strlen(record);
	int r = sql_prepare(l->db, "INSERT INTO decision VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", &s);

	if (r < 0)
		return r;
	for (int i = 0; i < 6; i++) {
		sql_bind_number(s, 1 + i, numbers[i]);
		sql_bind_text(s, 7 + i, texts[i]);
	}
	sql_bind_number(s, 13, octets);
	r = sql_step(s);
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
	scoped(sql_donep) struct sqlite3_stmt *s = NULL;
	int r = sql_prepare(l->db, "UPDATE decision SET outcome = ? WHERE id = ?", &s);

	if (r < 0)
		return r;
	sql_bind_text(s, 1, outcome);
	sql_bind_number(s, 2, id);
	return sql_step(s);
}

int ledger_pause(struct ledger *l, const struct pause *p)
{
	scoped(sql_donep) struct sqlite3_stmt *s = NULL;
	int r = sql_prepare(l->db, "INSERT OR REPLACE INTO pause VALUES (?, ?, ?, ?)", &s);

	if (r < 0)
		return r;
	sql_bind_text(s, 1, p->workload);
	sql_bind_number(s, 2, p->since_unix_ns);
	sql_bind_number(s, 3, p->until_unix_ns);
	sql_bind_text(s, 4, p->why);
	return sql_step(s);
}

int ledger_resume(struct ledger *l, const char *workload)
{
	scoped(sql_donep) struct sqlite3_stmt *s = NULL;
	int r = sql_prepare(l->db, "DELETE FROM pause WHERE workload = ?", &s);

	if (r < 0)
		return r;
	sql_bind_text(s, 1, workload);
	return sql_step(s);
}

static int delete_up_to(struct ledger *l, const char *sql, uint64_t id)
{
	scoped(sql_donep) struct sqlite3_stmt *s = NULL;
	int r = sql_prepare(l->db, sql, &s);

	if (r < 0)
		return r;
	sql_bind_number(s, 1, id);
	return sql_step(s);
}

/* The oldest go until both limits hold; the newest one always stays. */
static int prune(struct ledger *l, uint64_t keep, uint64_t keep_octets)
{
	scoped(sql_donep) struct sqlite3_stmt *s = NULL;
	uint64_t last = 0;
	int r;

	if (l->count <= keep && l->octets <= keep_octets)
		return 0;
	r = sql_prepare(l->db, "SELECT id, octets FROM decision ORDER BY id", &s);
	while (r == 0 && l->count > 1 && (l->count > keep || l->octets > keep_octets)) {
		r = sql_step(s);
		if (r < 0)
			return r;
		last = sql_number(s, 0);
		l->octets -= sql_number(s, 1);
		l->count--;
	}
	s = sql_done(s);
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
		r = sql_run(l->db, "COMMIT");
	if (r == 0)
		*ret_pruned = before - l->count;
	return r;
}

void ledger_rollback(struct ledger *l)
{
	if (sql_is_open(l->db)) /* some failures have rolled back already */
		(void)sql_run(l->db, "ROLLBACK");
	l->count = l->before_count;
	l->octets = l->before_octets;
}

/* Read */

uint64_t ledger_last_id(struct ledger *l)
{
	uint64_t id = 0;

	return sql_ask(l->db, "SELECT COALESCE(MAX(id), 0) FROM decision", &id) == 0 ? id : 0;
}

static void read_decision(struct sqlite3_stmt *s, struct decision *ret)
{
	*ret = (struct decision){
		.id = sql_number(s, 0),
		.wall_unix_ns = sql_number(s, 1),
		.boottime_ns = sql_number(s, 2),
		.load_age_ns = sql_number(s, 3),
		.from = (uint32_t)sql_number(s, 4),
		.to = (uint32_t)sql_number(s, 5),
	};
	sql_copy_text(s, 6, ret->workload, sizeof(ret->workload));
	sql_copy_text(s, 7, ret->policy, sizeof(ret->policy));
	sql_copy_text(s, 8, ret->reason, sizeof(ret->reason));
	sql_copy_text(s, 9, ret->trigger, sizeof(ret->trigger));
	sql_copy_text(s, 10, ret->mode, sizeof(ret->mode));
	sql_copy_text(s, 11, ret->outcome, sizeof(ret->outcome));
}

static int prepare_query(struct ledger *l, const char *select, const struct decisions_query *q,
			 const char *order, struct sqlite3_stmt **ret)
{
	scoped(buf_done) struct buf sql = {0};
	int r;

	buf_printf(&sql, "%s WHERE wall_unix_ns >= ?", select);
	if (q->before_id)
		buf_printf(&sql, " AND id < %llu", (unsigned long long)q->before_id);
	for (size_t i = 0; i < q->n_workload; i++)
		buf_printf(&sql, i ? ", ?" : " AND workload IN (?");
	buf_printf(&sql, "%s%s", q->n_workload ? ")" : "", order);
	r = sql_prepare(l->db, buf_text(&sql), ret);
	if (r < 0)
		return r;
	sql_bind_number(*ret, 1, q->since_unix_ns);
	for (size_t i = 0; i < q->n_workload; i++)
		sql_bind_text(*ret, 2 + (int)i, q->workload[i]);
	return 0;
}

int ledger_each(struct ledger *l, const struct decisions_query *q,
		bool (*each)(const struct decision *x, void *data), void *data)
{
	scoped(sql_donep) struct sqlite3_stmt *s = NULL;
	int r = prepare_query(l, "SELECT * FROM decision", q, " ORDER BY id DESC", &s);
	struct decision x;

	if (r < 0)
		return r;
	while ((r = sql_next(s)) > 0) {
		read_decision(s, &x);
		if (!each(&x, data))
			return 0;
	}
	return r;
}

int ledger_count(struct ledger *l, const struct decisions_query *q, uint64_t *ret_n)
{
	scoped(sql_donep) struct sqlite3_stmt *s = NULL;
	int r = prepare_query(l, "SELECT COUNT(*) FROM decision", q, "", &s);

	if (r == 0)
		r = sql_step(s);
	if (r == 0)
		*ret_n = sql_number(s, 0);
	return r;
}

int ledger_get(struct ledger *l, uint64_t id, struct decision *ret, char **ret_record)
{
	scoped(sql_donep) struct sqlite3_stmt *s = NULL;
	int r = sql_prepare(l->db, "SELECT decision.*, json FROM decision JOIN record USING (id) WHERE id = ?",
			&s);

	if (r < 0)
		return r;
	sql_bind_number(s, 1, id);
	r = sql_next(s);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	read_decision(s, ret);
	if (ret_record)
		*ret_record = mem_strdup(sql_text(s, 13));
	return 0;
}

int ledger_each_pause(struct ledger *l, void (*each)(const struct pause *p, void *data), void *data)
{
	scoped(sql_donep) struct sqlite3_stmt *s = NULL;
	int r = sql_prepare(l->db, "SELECT * FROM pause", &s);

	if (r < 0)
		return r;
	while ((r = sql_next(s)) > 0) {
		struct pause p = {0};

		sql_copy_text(s, 0, p.workload, sizeof(p.workload));
		p.since_unix_ns = sql_number(s, 1);
		p.until_unix_ns = sql_number(s, 2);
		sql_copy_text(s, 3, p.why, sizeof(p.why));
		each(&p, data);
	}
	return r;
}
