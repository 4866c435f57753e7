/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file behind store/decisions: one SQLite database in the state directory. It is held exclusively: a second
 * aggregator on the same directory is refused (store/ledger_file.h).
 *
 * What a commit promises: the write-ahead log has it in the kernel, so it is there after kill -9 of
 * this process. It is not flushed to the disk: power loss takes the commits since the last
 * checkpoint (1000 pages) or durable commit away, whole ones from the end, and never damages the
 * file. A durable commit is flushed, with everything before it.
 *
 * Loop-thread-only, and it blocks: with records of 8 KB a commit took 0.15 ms (a write into the page
 * cache), a durable one and a checkpoint as long as the disk takes to flush (1 to 20 ms seen), reading
 * 100 decisions 0.2 ms, opening a full file of 80 MB 60 ms.
 */
#ifndef AGGREGATOR_STORE_LEDGER_H
#define AGGREGATOR_STORE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "aggregator/store/decisions.h"
#include "base/err.h"

#define LEDGER_SCHEMA 1 /* user_version; a higher one was written by a newer version */

struct ledger;

/* Makes the file when it is missing. `from`: the ledger whose file has vanished; what it still holds
 * is copied into a new file. -EBADMSG: damaged, -EPROTO: of a newer version or no file of ours,
 * -EBUSY: another process holds it, else why it cannot be read or written; *e filled. */
int ledger_open(const char *path, struct ledger *from, struct ledger **ret, struct err *e);
struct ledger *ledger_free(struct ledger *l); /* NULL is fine; returns NULL */
bool ledger_there(const struct ledger *l);    /* the path still names the open file */
uint64_t ledger_last_id(struct ledger *l);    /* 0: none */

/* Between begin and commit; after a failure ledger_rollback() and nothing has happened. Commit also
 * prunes to `keep` decisions and `keep_octets` of records; *ret_pruned: how many went. */
int ledger_begin(struct ledger *l, bool durable);
int ledger_put(struct ledger *l, const struct decision *x, const char *record);
int ledger_outcome(struct ledger *l, uint64_t id, const char *outcome);
int ledger_pause(struct ledger *l, const struct pause *p);
int ledger_resume(struct ledger *l, const char *workload);
int ledger_commit(struct ledger *l, uint64_t keep, uint64_t keep_octets, uint64_t *ret_pruned);
void ledger_rollback(struct ledger *l);
const char *ledger_why(const struct ledger *l); /* of the last failure, until the next call */

/* Newest first; `each` says whether to go on and must not call the ledger. */
int ledger_each(struct ledger *l, const struct decisions_query *q,
		bool (*each)(const struct decision *x, void *data), void *data);
int ledger_count(struct ledger *l, const struct decisions_query *q, uint64_t *ret_n);
/* -ENOENT: no such one. *ret_record: allocated; NULL: not asked for. */
int ledger_get(struct ledger *l, uint64_t id, struct decision *ret, char **ret_record);
int ledger_each_pause(struct ledger *l, void (*each)(const struct pause *p, void *data),
		      void *data);

#endif
