/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificates of a machine without a cluster: a local CA made at first start and one leaf
 * certificate a program, EC P-256, all in one directory: ca.crt, ca.key, NAME.crt, NAME.key. Keys
 * have mode 0600, the directory 0700, until pki_share(). Nothing is replaced that is still good.
 */
#ifndef PKI_PKI_H
#define PKI_PKI_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define PKI_CA_DAYS 3650
#define PKI_LEAF_DAYS 90
#define PKI_RENEW_DAYS 30 /* a leaf with less left is made anew at start */

/* Makes what is missing: the CA and, for each of `names`, a leaf valid for server and client, with
 * the DNS names NAME, "localhost", this host's name, and 127.0.0.1 and ::1. A file lock keeps
 * two programs that start together from making two CAs. */
int pki_ensure(const char *dir, const char *const *names, size_t n, struct err *e);

/* Lets a group read NAME's key, and everybody pass through the directory (the certificates are public, the
 * other keys stay 0600): for a program that reads its key after it has left root. */
int pki_share(const char *dir, const char *name, gid_t group, struct err *e);

/* Reads a PEM pair and its CA and says in plain words what is wrong: missing, unreadable, expired,
 * not yet valid, key does not belong, not signed by this CA. *ret_days_left may be NULL. */
int pki_check(const char *cert, const char *key, const char *ca, int64_t *ret_days_left,
	      struct err *e);

#endif
