/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the suites of plimsoll-vectors share. A case is decided again by ours and compared field by
 * field; it passes when every comparison does. To add a suite: one source suite_NAME.c, one line in
 * VECTORS_SUITES, and data/NAME.json.gz (gzip -9n) as its test.
 */
#ifndef VECTORS_VECTORS_H
#define VECTORS_VECTORS_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/* X(name as the file's "suite") */
#define VECTORS_SUITES(X) \
	X(quantity) \
	X(hpa_replica_calculator) \
	X(hpa_normalize) \
	X(hpa_sequence) \
	X(hpa_defaults_validation) \
	X(vpa_histogram) \
	X(vpa_recommendation)

struct vectors_case {
	const char *file, *name;
	json_t *in, *out;
	bool failed;
	const char *apart; /* why it is not compared; NULL: it is */
};

/* Decides c->in again and compares with c->out. */
#define X(suite) void suite_##suite(struct vectors_case *c);
VECTORS_SUITES(X)
#undef X

/* Each prints the case, what differs, what was expected and what was got; the first makes it fail. */
void vectors_fail(struct vectors_case *c, const char *what, const char *expected, const char *got);
void vectors_int(struct vectors_case *c, const char *what, int64_t expected, int64_t got);
void vectors_double(struct vectors_case *c, const char *what, double expected, double got); /* every bit */
void vectors_text(struct vectors_case *c, const char *what, const char *expected, const char *got);
/* By value; key order does not matter. Either may be NULL: absent. */
void vectors_json(struct vectors_case *c, const char *what, json_t *expected, json_t *got);

/* The case's outcome is not compared, and `reason` (it must live on) is counted and printed. Only for what
 * the file itself flags as an accident of Go or of the machine. */
void vectors_apart(struct vectors_case *c, const char *reason);

/* Reading a case. A field that is missing or of another kind makes the case fail at once: they
 * do not return then. */
json_t *vectors_need(json_t *of, const char *key);
int64_t vectors_need_int(json_t *of, const char *key);
const char *vectors_need_text(json_t *of, const char *key);
int64_t vectors_get_int(json_t *of, const char *key, int64_t otherwise);
const char *vectors_get_text(json_t *of, const char *key); /* NULL: absent or null */
double vectors_get_double(json_t *of, const char *key, double otherwise);
unsigned vectors_word(json_t *of, const char *key, const char *const *words, size_t n); /* its index */
void vectors_broken(const char *key, const char *expected) __attribute__((noreturn));

#endif
