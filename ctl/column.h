/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people see of a row: every signal as a short title and a figure, in groups. The wide table, the
 * page of one container and the keys of JSON come from here; a test sees that no signal is left out.
 */
#ifndef CTL_COLUMN_H
#define CTL_COLUMN_H

#include <jansson.h>
#include <stddef.h>

#include "base/buf.h"
#include "ctl/figure.h"
#include "ctl/fleet.h"

enum column_form {
	CORES,        /* seconds a second, as cores */
	SHARE_RATE,   /* seconds a second, as a share of time */
	RATE,         /* a second */
	BYTES_RATE,
	BYTES,        /* now */
	COUNT,
	SHARE,
	TOTAL,        /* of a counter */
	PART,         /* growth of a ÷ growth of b */
	MEAN,         /* growth of a ÷ growth of b + c, a time */
	MEAN_TIMED,   /* growth of a ÷ growth of b - c, a time: what was not timed adds none */
	LIMIT_CORES,  /* a ÷ b */
	OF_LIMIT,     /* rate of a ÷ (b ÷ c) */
	LEVEL_PART,   /* a ÷ b, both now */
	REQUEST,      /* what a was made of, in cores */
	OF_REQUEST,   /* rate of a ÷ what b was made of */
	QUANTILE,     /* of histogram a */
	AGE,          /* since a */
};

struct column {
	const char *group; /* "cpu", "memory" … */
	const char *title; /* small letters, unique: "cpu limit" */
	enum column_form form; /* how it is made of … */
	enum signal_id a, b, c; /* … these; a histogram's number in `a` */
	int fraction;      /* of a quantile, in per cent */
};

#define COLUMN_KEY 64

extern const struct column column_table[];
extern const size_t column_n;

/* FIGURE_NONE: not measured, or nothing to divide by. */
struct figure column_figure(const struct column *c, const struct fleet_node *n,
			    const struct fleet_row *r);
bool column_shows(const struct column *c, enum signal_id s);
bool column_shows_quantile(const struct column *c, enum signal_histogram h);

const char *column_key(enum signal_id s, char ret[COLUMN_KEY]); /* in JSON: "io_ns" is shown as "io_seconds" */

/* A page about one row: what holds it back and what helps, and a line a group. `columns`: groups go on below themselves; 0: however
 * long they are. */
void column_page(const struct fleet_node *n, const struct fleet_row *r, int columns, struct buf *to);
/* Every signal by its name: {"total", "rate"} of counters, {"now"} of gauges, times in seconds; null:
 * missing. */
json_t *column_tree(const struct fleet_node *n, const struct fleet_row *r);
/* Every histogram by its name: {"p50_seconds", "p95_seconds", "p99_seconds"} of what came between the two samples;
 * null: nothing came, or it is missing. */
json_t *column_quantiles_tree(const struct fleet_row *r);
/* {"name", "pid", "age_seconds", "count"} of the last OOM victim; null: none is known. */
json_t *column_victim_tree(const struct fleet_node *n, const struct fleet_row *r);
json_t *column_saturation_tree(const struct fleet_node *n, const struct fleet_row *r);

#endif
