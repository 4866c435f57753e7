/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of decisions before anybody reads or writes it: held exclusively, whole to the last page, of this program
 * and of a version that this one knows. For store/ledger.c. Loop-thread-only, blocks: a full file of 80 MB took 60 ms.
 */
#ifndef AGGREGATOR_STORE_LEDGER_FILE_H
#define AGGREGATOR_STORE_LEDGER_FILE_H

#include "base/err.h"

struct sqlite3;

/* As ledger_open(), with the files of two ledgers instead of them. *ret is the caller's, for sql_close(). */
int ledger_file_open(const char *path, struct sqlite3 *from, struct sqlite3 **ret, struct err *e);
/* What `r` of a call of store/sql.h means for the file, and what to do about it; returns r. */
int ledger_file_fail(const char *path, struct sqlite3 *db, int r, struct err *e);

#endif
