/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/column.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "ctl/text.h"
#include "ctl/tree.h"

#define ONE(title, form, a)	       {GROUP_NAME, title, form, SIGNAL_##a, SIGNAL_##a, SIGNAL_##a, 0}
#define TWO(title, form, a, b)	       {GROUP_NAME, title, form, SIGNAL_##a, SIGNAL_##b, SIGNAL_##b, 0}
#define THREE(title, form, a, b, c)    {GROUP_NAME, title, form, SIGNAL_##a, SIGNAL_##b, SIGNAL_##c, 0}
#define OF_HIST(title, h, percent)                                                                 \
	{GROUP_NAME, title, QUANTILE, (enum signal_id)SIGNAL_HIST_##h, SIGNALS, SIGNALS, percent}

const struct column column_table[] = {
#define GROUP_NAME "cpu"
	ONE("cpu", CORES, CPU_NS),
	TWO("cpu limit", LIMIT_CORES, CPU_QUOTA_NS, CPU_PERIOD_NS),
	THREE("cpu/limit", OF_LIMIT, CPU_NS, CPU_QUOTA_NS, CPU_PERIOD_NS),
	ONE("cpu request", REQUEST, CPU_WEIGHT),
	TWO("cpu/request", OF_REQUEST, CPU_NS, CPU_WEIGHT),
	ONE("weight", COUNT, CPU_WEIGHT),
	ONE("waiting", SHARE_RATE, RUNQ_WAIT_NS),
	OF_HIST("wait p50", RUNQ_WAIT, 50),
	OF_HIST("wait p95", RUNQ_WAIT, 95),
	OF_HIST("wait p99", RUNQ_WAIT, 99),
	ONE("switches/s", RATE, SWITCHES),
	ONE("throttled", SHARE_RATE, CPU_THROTTLED_NS),
	TWO("of periods", PART, CPU_THROTTLED_PERIODS, CPU_PERIODS),
	ONE("cpu stall", SHARE_RATE, PSI_CPU_SOME_NS),
	ONE("cpu full stall", SHARE_RATE, PSI_CPU_FULL_NS),
#undef GROUP_NAME
#define GROUP_NAME "memory"
	ONE("memory", BYTES, MEMORY_WORKING_SET_BYTES),
	ONE("mem limit", BYTES, MEMORY_LIMIT_BYTES),
	TWO("mem/limit", LEVEL_PART, MEMORY_WORKING_SET_BYTES, MEMORY_LIMIT_BYTES),
	ONE("high", BYTES, MEMORY_HIGH_BYTES),
	ONE("usage", BYTES, MEMORY_USAGE_BYTES),
	ONE("peak", BYTES, MEMORY_PEAK_BYTES),
	ONE("swap", BYTES, MEMORY_SWAP_BYTES),
	ONE("anon", BYTES, MEMORY_ANON_BYTES),
	ONE("file", BYTES, MEMORY_FILE_BYTES),
	ONE("inactive", BYTES, MEMORY_INACTIVE_FILE_BYTES),
	ONE("slab", BYTES, MEMORY_SLAB_BYTES),
	ONE("oom kills", TOTAL, OOM_KILLS),
	ONE("major faults/s", RATE, MAJOR_FAULTS),
	ONE("reclaim", SHARE_RATE, RECLAIM_NS),
	ONE("limit reclaim", SHARE_RATE, LIMIT_RECLAIM_NS),
	ONE("mem stall", SHARE_RATE, PSI_MEMORY_SOME_NS),
	ONE("mem full stall", SHARE_RATE, PSI_MEMORY_FULL_NS),
#undef GROUP_NAME
#define GROUP_NAME "io"
	ONE("read/s", BYTES_RATE, IO_READ_BYTES),
	ONE("written/s", BYTES_RATE, IO_WRITTEN_BYTES),
	ONE("reads/s", RATE, IO_READS),
	ONE("writes/s", RATE, IO_WRITES),
	THREE("io mean", MEAN, IO_NS, IO_READS, IO_WRITES),
	OF_HIST("io p95", IO, 95),
	OF_HIST("io p99", IO, 99),
	ONE("io stall", SHARE_RATE, PSI_IO_SOME_NS),
	ONE("io full stall", SHARE_RATE, PSI_IO_FULL_NS),
#undef GROUP_NAME
#define GROUP_NAME "requests"
	ONE("requests/s", RATE, REQUESTS),
	TWO("errors", PART, REQUEST_ERRORS, REQUESTS),
	TWO("client errors", PART, REQUEST_CLIENT_ERRORS, REQUESTS),
	TWO("unknown", PART, REQUESTS_UNKNOWN, REQUESTS),
	THREE("mean", MEAN_TIMED, REQUEST_NS, REQUESTS, REQUESTS_UNTIMED),
	OF_HIST("p50", REQUEST, 50),
	OF_HIST("p95", REQUEST, 95),
	OF_HIST("p99", REQUEST, 99),
	OF_HIST("first byte p95", FIRST_BYTE, 95),
	TWO("untimed", PART, REQUESTS_UNTIMED, REQUESTS),
	ONE("open", COUNT, REQUESTS_OPEN),
	ONE("calls/s", RATE, CALLS),
	TWO("call errors", PART, CALL_ERRORS, CALLS),
	TWO("calls unknown", PART, CALLS_UNKNOWN, CALLS),
	THREE("call mean", MEAN_TIMED, CALL_NS, CALLS, CALLS_UNTIMED),
	OF_HIST("call p95", CALL, 95),
	TWO("calls untimed", PART, CALLS_UNTIMED, CALLS),
	ONE("calls open", COUNT, CALLS_OPEN),
#undef GROUP_NAME
#define GROUP_NAME "turns"
	ONE("turns/s", RATE, TURNS),
	THREE("turn mean", MEAN_TIMED, TURN_NS, TURNS, TURNS_UNTIMED),
	OF_HIST("turn p50", TURN, 50),
	OF_HIST("turn p95", TURN, 95),
	OF_HIST("turn p99", TURN, 99),
	TWO("turns untimed", PART, TURNS_UNTIMED, TURNS),
	ONE("call turns/s", RATE, CALL_TURNS),
	THREE("call turn mean", MEAN_TIMED, CALL_TURN_NS, CALL_TURNS, CALL_TURNS_UNTIMED),
	OF_HIST("call turn p95", CALL_TURN, 95),
	TWO("call turns untimed", PART, CALL_TURNS_UNTIMED, CALL_TURNS),
	ONE("turns open", COUNT, TURNS_OPEN),
	ONE("lost/s", RATE, HEARING_LOSSES),
	ONE("older", TOTAL, CONNECTIONS_OLDER),
	ONE("left", TOTAL, CONNECTIONS_LEFT),
#undef GROUP_NAME
#define GROUP_NAME "network"
	ONE("received/s", BYTES_RATE, NET_RECEIVED_BYTES),
	ONE("sent/s", BYTES_RATE, NET_SENT_BYTES),
	ONE("packets in/s", RATE, NET_RECEIVED_PACKETS),
	ONE("packets out/s", RATE, NET_SENT_PACKETS),
	ONE("connects/s", RATE, TCP_CONNECTS),
	ONE("failures/s", RATE, TCP_CONNECT_FAILURES),
	ONE("given up/s", RATE, TCP_CONNECTS_GIVEN_UP),
	ONE("unanswered", COUNT, TCP_CONNECTS_UNANSWERED),
	TWO("connect mean", MEAN, TCP_CONNECT_NS, TCP_CONNECTS),
	OF_HIST("connect p50", CONNECT, 50),
	OF_HIST("connect p95", CONNECT, 95),
	OF_HIST("connect p99", CONNECT, 99),
	ONE("resets/s", RATE, TCP_RESETS),
	ONE("retransmits/s", RATE, TCP_RETRANSMITS),
	TWO("of segments", PART, TCP_RETRANSMITS, TCP_SEGMENTS),
	ONE("SYNs again/s", RATE, TCP_SYN_RETRANSMITS),
	ONE("SYN-ACKs again/s", RATE, TCP_SYNACK_RETRANSMITS),
	TWO("rtt", MEAN, TCP_RTT_NS, TCP_RTT_SAMPLES),
#undef GROUP_NAME
#define GROUP_NAME "listen"
	ONE("listeners", COUNT, LISTENERS),
	ONE("accepts/s", RATE, TCP_ACCEPTS),
	ONE("queue", COUNT, ACCEPT_QUEUE),
	ONE("queue limit", COUNT, ACCEPT_QUEUE_LIMIT),
	ONE("fullest", SHARE, ACCEPT_QUEUE_FILL),
	ONE("overflows/s", RATE, ACCEPT_OVERFLOWS),
#undef GROUP_NAME
#define GROUP_NAME "tasks"
	ONE("processes", COUNT, PROCESSES),
	ONE("threads", COUNT, THREADS),
	ONE("busiest", SHARE, BUSIEST_THREAD),
	ONE("age", AGE, STARTED_NS),
	ONE("restarts", TOTAL, RESTARTS),
#undef GROUP_NAME
};
const size_t column_n = sizeof(column_table) / sizeof(column_table[0]);

static const struct fleet_value unknown = {false, 0};

static struct fleet_value plus(struct fleet_value a, struct fleet_value b)
{
	return (struct fleet_value){a.known && b.known, a.value + b.value};
}

static struct fleet_value minus(struct fleet_value a, struct fleet_value b)
{
	return (struct fleet_value){a.known && b.known, a.value - b.value};
}

static struct fleet_value since(const struct fleet_node *n, struct fleet_value start)
{
	double now = (double)n->now_ns / 1e9;

	if (!start.known || start.value <= 0)
		return unknown;
	return (struct fleet_value){true, now > start.value ? now - start.value : 0};
}

static struct fleet_value value_of(const struct column *c, const struct fleet_node *n,
				   const struct fleet_row *r)
{
	switch (c->form) {
	case CORES:
	case SHARE_RATE:
	case RATE:
	case BYTES_RATE:
		return fleet_rate(n, r, c->a);
	case BYTES:
	case COUNT:
	case SHARE:
	case TOTAL:
		return fleet_level(r, c->a);
	case PART:
		return fleet_part(fleet_rate(n, r, c->a), fleet_rate(n, r, c->b));
	case MEAN:
		return fleet_part(fleet_rate(n, r, c->a),
			      c->b == c->c ? fleet_rate(n, r, c->b)
					   : plus(fleet_rate(n, r, c->b), fleet_rate(n, r, c->c)));
	case MEAN_TIMED:
		return fleet_part(fleet_rate(n, r, c->a), minus(fleet_rate(n, r, c->b), fleet_rate(n, r, c->c)));
	case LIMIT_CORES:
	case LEVEL_PART:
		return fleet_part(fleet_level(r, c->a), fleet_level(r, c->b));
	case OF_LIMIT:
		return fleet_part(fleet_rate(n, r, c->a), fleet_part(fleet_level(r, c->b), fleet_level(r, c->c)));
	case REQUEST:
		return fleet_request_cores(n, r);
	case OF_REQUEST:
		return fleet_part(fleet_rate(n, r, c->a), fleet_request_cores(n, r));
	case QUANTILE:
		return fleet_quantile(r, (enum signal_histogram)c->a, c->fraction / 100.0);
	case AGE:
		return since(n, fleet_level(r, c->a));
	}
	return unknown;
}

static struct figure figure_of(enum column_form form, double v)
{
	switch (form) {
	case CORES:
	case LIMIT_CORES:
	case REQUEST:
		return figure_cores(v);
	case SHARE_RATE:
	case SHARE:
	case PART:
	case OF_LIMIT:
	case OF_REQUEST:
	case LEVEL_PART:
		return figure_share(v);
	case BYTES:
	case BYTES_RATE:
		return figure_bytes(v);
	case RATE:
	case COUNT:
	case TOTAL:
		return figure_count(v);
	case MEAN:
	case MEAN_TIMED:
	case QUANTILE:
	case AGE:
		return figure_duration((uint64_t)(v * 1e9));
	}
	return figure_none();
}

/* "0.10", or "0.08-0.10" of what one weight stands for. */
static struct figure request(struct shares_request asked)
{
	struct figure least = figure_cores((double)asked.least_milli / 1e3),
		      most = figure_cores((double)asked.most_milli / 1e3), both;

	if (strcmp(least.text, most.text) == 0)
		return least;
	snprintf(both.text, sizeof(both.text), "%.11s-%.11s", least.text, most.text);
	return both;
}

struct figure column_figure(const struct column *c, const struct fleet_node *n,
			    const struct fleet_row *r)
{
	struct fleet_value v = value_of(c, n, r);

	if (!v.known)
		return figure_none();
	return c->form == REQUEST ? request(fleet_request(n, r)) : figure_of(c->form, v.value);
}

bool column_shows(const struct column *c, enum signal_id s)
{
	return c->form != QUANTILE && (c->a == s || c->b == s || c->c == s);
}

bool column_shows_quantile(const struct column *c, enum signal_histogram h)
{
	return c->form == QUANTILE && (enum signal_histogram)c->a == h;
}

/* The page */

#define PAGE_LABEL 12

static void page_group(const struct fleet_node *n, const struct fleet_row *r, const char *group, int columns,
		       struct buf *to)
{
	scoped(buf_done) struct buf line = {0};

	buf_printf(&line, "  %-*s", PAGE_LABEL - 2, group);
	for (size_t i = 0; i < column_n; i++) {
		const struct column *c = &column_table[i];

		if (strcmp(c->group, group) == 0)
			buf_printf(&line, "%s%s %s", line.size > PAGE_LABEL ? "   " : "", c->title,
				   column_figure(c, n, r).text);
	}
	text_wrap(buf_text(&line), columns, to);
}

static void page_victim(const struct fleet_node *n, const struct fleet_row *r, struct buf *to)
{
	buf_printf(to, "%*slast OOM victim: ", PAGE_LABEL, "");
	fleet_victim(n, r, to);
	if (r->victim.count > 1)
		buf_printf(to, "; %llu since the agent began to count", (unsigned long long)r->victim.count);
	buf_printf(to, "\n");
}

static void page_saturation(const struct fleet_node *n, const struct fleet_row *r, struct buf *to)
{
	struct saturation s;

	buf_printf(to, "  held back");
	if (!fleet_saturation(n, r, &s)) {
		buf_printf(to, "   two samples are needed to tell\n\n");
		return;
	}
	buf_printf(to, "\n");
	for (int c = 0; c < SATURATION_CAUSES; c++) {
		bool known = s.known & 1u << c;

		buf_printf(to, "    %-14s ", saturation_word((enum saturation_cause)c));
		text_fit(known ? figure_share((double)s.permille[c] / SATURATION_FULL).text : FIGURE_NONE, 5,
			 TEXT_RIGHT, to);
		buf_printf(to, "   %s\n", saturation_meaning((enum saturation_cause)c));
	}
	buf_printf(to, "\n  what helps   ");
	if (s.advice != SATURATION_NONE)
		buf_printf(to, "%s: %s\n\n", saturation_advice_word(s.advice), saturation_advice_meaning(s.advice));
	else if (saturation_is_whole(&s))
		buf_printf(to, "%s\n\n", saturation_advice_meaning(s.advice));
	else
		buf_printf(to, "%s   nothing that is known holds it back\n\n", FIGURE_NONE);
}

void column_page(const struct fleet_node *n, const struct fleet_row *r, int columns, struct buf *to)
{
	const char *group = "";

	buf_printf(to, "%s   on %s", r->cgroup, n->name);
	if (*r->name)
		buf_printf(to, "   %s%s%s", r->title, *r->runtime ? ", " : "", r->runtime);
	buf_printf(to, "\n\n");
	page_saturation(n, r, to);
	for (size_t i = 0; i < column_n; i++) {
		if (strcmp(column_table[i].group, group) == 0)
			continue;
		group = column_table[i].group;
		page_group(n, r, group, columns, to);
		if (strcmp(group, "memory") == 0)
			page_victim(n, r, to);
	}
}

/* JSON */

static const struct {
	const char *name;
	bool counter;
} names[SIGNALS] = {
#define COUNTER true
#define GAUGE	false
#define SIGNAL(ID, name, KIND, ...) [SIGNAL_##ID] = {#name, KIND},
#include "plimsoll/signals.def"
};

const char *column_key(enum signal_id s, char ret[COLUMN_KEY])
{
	size_t n = strlen(names[s].name);
	bool time = n > 3 && strcmp(names[s].name + n - 3, "_ns") == 0;

	snprintf(ret, COLUMN_KEY, "%.*s%s", (int)(time ? n - 3 : n), names[s].name, time ? "_seconds" : "");
	return ret;
}

json_t *column_tree(const struct fleet_node *n, const struct fleet_row *r)
{
	json_t *o = json_object();
	char key[COLUMN_KEY];

	for (int i = 0; i < SIGNALS; i++) {
		enum signal_id s = (enum signal_id)i;
		struct fleet_value level = fleet_level(r, s), rate = fleet_rate(n, r, s);
		json_t *v = json_null();

		if (level.known && names[s].counter)
			v = json_pack("{s:o, s:o}", "total", tree_number(true, level.value), "rate",
				      tree_number(rate.known, rate.value));
		else if (level.known)
			v = json_pack("{s:o}", "now", tree_number(true, level.value));
		json_object_set_new(o, column_key(s, key), v);
	}
	return o;
}

static json_t *quantile_tree(const struct fleet_row *r, enum signal_histogram h)
{
	const struct fleet_value p50 = fleet_quantile(r, h, 0.50), p95 = fleet_quantile(r, h, 0.95),
				 p99 = fleet_quantile(r, h, 0.99);

	return json_pack("{s:o, s:o, s:o}", "p50_seconds", tree_number(p50.known, p50.value), "p95_seconds",
			 tree_number(p95.known, p95.value), "p99_seconds", tree_number(p99.known, p99.value));
}

json_t *column_quantiles_tree(const struct fleet_row *r)
{
	json_t *o = json_object();

#define HISTOGRAM(ID, name, ...) json_object_set_new(o, #name, quantile_tree(r, SIGNAL_HIST_##ID));
#include "plimsoll/signals.def"
	return o;
}

json_t *column_victim_tree(const struct fleet_node *n, const struct fleet_row *r)
{
	struct fleet_value age = fleet_victim_age(n, r);

	if (!age.known)
		return json_null();
	return json_pack("{s:o, s:I, s:o, s:I}", "name", tree_string(r->victim.name), "pid",
			 (json_int_t)r->victim.pid, "age_seconds", tree_number(true, age.value), "count",
			 (json_int_t)r->victim.count);
}

json_t *column_saturation_tree(const struct fleet_node *n, const struct fleet_row *r)
{
	json_t *o = json_object();
	struct saturation s = {0};

	(void)fleet_saturation(n, r, &s);
	for (int c = 0; c < SATURATION_CAUSES; c++)
		json_object_set_new(o, saturation_word((enum saturation_cause)c),
				    tree_number((s.known & 1u << c) != 0,
						(double)s.permille[c] / SATURATION_FULL));
	return o;
}
