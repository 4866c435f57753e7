/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/report.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Where each value stands in the daemons' metrics.def. */
static const char *const agent_names[AGENT_VALUES] = {
	[AGENT_CONTAINERS] = "agent_rows",
	[AGENT_SAMPLES] = "agent_samples_total",
	[AGENT_CPU_S] = "agent_cpu_seconds_total",
	[AGENT_RSS] = "agent_resident_memory_bytes",
	[AGENT_BPF_NS] = "agent_bpf_switch_seconds",
};

static const char *const aggregator_names[AGGREGATOR_VALUES] = {
	[AGGREGATOR_AGENTS] = "aggregator_agents",
	[AGGREGATOR_BATCHES] = "aggregator_batches_total",
	[AGGREGATOR_ROWS] = "aggregator_rows",
	[AGGREGATOR_GAPS] = "aggregator_gaps_total",
	[AGGREGATOR_REFUSED] = "aggregator_refused_total",
	[AGGREGATOR_RSS] = "aggregator_resident_memory_bytes",
};

static void pick(const Plimsoll__V1__StatusResponse *s, const char *const *names, size_t n,
		 struct report_value *ret)
{
	for (size_t i = 0; i < n; i++) {
		ret[i] = (struct report_value){ .known = false };
		for (size_t k = 0; k < s->n_counter; k++) {
			if (strcmp(s->counter[k]->name, names[i]) == 0)
				ret[i] = (struct report_value){ true, s->counter[k]->value };
		}
	}
}

void report_agent(struct report_value ret[AGENT_VALUES], const Plimsoll__V1__StatusResponse *s)
{
	pick(s, agent_names, AGENT_VALUES, ret);
}

void report_aggregator(struct report_value ret[AGGREGATOR_VALUES],
		       const Plimsoll__V1__StatusResponse *s)
{
	pick(s, aggregator_names, AGGREGATOR_VALUES, ret);
}

void report_done(struct report *r)
{
	free(r->decision);
	r->decision = NULL;
	r->n_decisions = 0;
}

void report_step(struct report *r, const char *name, clock_boot_t at)
{
	if (r->n_steps == REPORT_STEPS)
		return;
	r->step_name[r->n_steps] = name;
	r->step_ns[r->n_steps++] = at.ns;
}

void report_latency(struct report *r, const Plimsoll__V1__Value *p95_ns)
{
	if (!p95_ns || !p95_ns->known)
		return;
	r->p95_s = (struct report_value){ true, p95_ns->value / (double)CLOCK_NS_PER_S };
	if (!r->p95_most_s.known || r->p95_s.value > r->p95_most_s.value)
		r->p95_most_s = r->p95_s;
}

void report_replicas(struct report *r, uint32_t replicas)
{
	if (replicas == 0)
		return;
	if (replicas > r->replicas_max)
		r->replicas_max = replicas;
	if (!r->replicas_min || replicas < r->replicas_min)
		r->replicas_min = replicas;
	r->replicas_final = replicas;
}

static void measure_delay(const struct report *r, uint64_t decided_ns, struct report_decision *d)
{
	for (size_t i = r->n_steps; i-- > 0;) {
		if (r->step_ns[i] > decided_ns)
			continue;
		d->after_step = true;
		d->step = r->step_name[i];
		d->step_ns = r->step_ns[i];
		d->delay_ns = decided_ns - r->step_ns[i];
		return;
	}
}

static struct report_decision decision(const struct report *r, const Plimsoll__V1__Decision *from)
{
	struct report_decision d = {
		.from = from->from, .to = from->to, .time = { from->wall_unix_ns }
	};

	snprintf(d.id, sizeof(d.id), "%s", from->id);
	snprintf(d.workload, sizeof(d.workload), "%s", from->workload);
	snprintf(d.reason, sizeof(d.reason), "%s", from->reason);
	snprintf(d.trigger, sizeof(d.trigger), "%s", from->trigger);
	snprintf(d.outcome, sizeof(d.outcome), "%s", from->outcome);
	measure_delay(r, from->boottime_ns, &d);
	return d;
}

static void mark_first(struct report *r)
{
	uint64_t step_ns = 0;

	for (size_t i = 0; i < r->n_decisions; i++) {
		struct report_decision *d = &r->decision[i];

		if (!d->after_step || d->to <= d->from || !strcmp(d->step, "low"))
			continue;
		d->first = d->step_ns != step_ns;
		step_ns = d->step_ns;
	}
}

void report_decisions(struct report *r, const Plimsoll__V1__ListDecisionsResponse *l)
{
	report_done(r);
	r->decisions_known = true;
	r->n_decisions = l->n_decision;
	r->decision = mem_array(NULL, l->n_decision, sizeof(*r->decision));
	for (size_t i = 0; i < l->n_decision; i++)
		r->decision[i] = decision(r, l->decision[l->n_decision - 1 - i]);
	mark_first(r);
}

static json_t *number(struct report_value v)
{
	if (!v.known || !isfinite(v.value))
		return json_null();
	return v.value == floor(v.value) && fabs(v.value) < 9e15 ? json_integer((json_int_t)v.value)
								 : json_real(v.value);
}

static struct report_value cpu_percent(const struct report *r)
{
	struct report_value a = r->agent_begin[AGENT_CPU_S], b = r->agent_end[AGENT_CPU_S];
	double seconds = (double)(r->agent_end_ns - r->agent_begin_ns) / (double)CLOCK_NS_PER_S;

	if (!a.known || !b.known || seconds <= 0 || b.value < a.value)
		return (struct report_value){ .known = false };
	return (struct report_value){ true, round((b.value - a.value) / seconds * 1e5) / 1e3 };
}

static struct report_value bpf_ns(const struct report *r)
{
	struct report_value v = r->agent_end[AGENT_BPF_NS];

	v.known = v.known && v.value > 0; /* 0: never measured */
	v.value = round(v.value * 1e10) / 10;
	return v;
}

static json_t *agent_json(const struct report *r)
{
	return json_pack("{so so so so so}", "containers", number(r->agent_end[AGENT_CONTAINERS]),
			 "samples", number(r->agent_end[AGENT_SAMPLES]), "cpu_percent",
			 number(cpu_percent(r)), "rss_bytes", number(r->agent_end[AGENT_RSS]),
			 "bpf_ns_per_switch", number(bpf_ns(r)));
}

static json_t *aggregator_json(const struct report *r)
{
	const struct report_value *v = r->aggregator;

	return json_pack("{so so so so so so}", "agents", number(v[AGGREGATOR_AGENTS]), "batches",
			 number(v[AGGREGATOR_BATCHES]), "rows", number(v[AGGREGATOR_ROWS]), "gaps",
			 number(v[AGGREGATOR_GAPS]), "refused", number(v[AGGREGATOR_REFUSED]),
			 "rss_bytes", number(v[AGGREGATOR_RSS]));
}

static json_t *decision_json(const struct report_decision *d)
{
	char time[32];
	struct report_value delay = { d->after_step,
				      round((double)d->delay_ns / (double)CLOCK_NS_PER_MS) };

	clock_format(d->time, time, sizeof(time));
	return json_pack("{ss ss ss si si ss ss ss ss? so sb}", "id", d->id, "time", time, "workload",
			 d->workload, "from", (int)d->from, "to", (int)d->to, "reason", d->reason,
			 "trigger", d->trigger, "outcome", d->outcome, "step", d->step, "delay_ms", number(delay), "first", d->first);
}

static json_t *decisions_json(const struct report *r)
{
	if (!r->decisions_known)
		return json_null();
	json_t *list = json_array();
	for (size_t i = 0; i < r->n_decisions; i++)
		json_array_append_new(list, decision_json(&r->decision[i]));
	return list;
}

static struct report_value in_ms(struct report_value s)
{
	s.value = round(s.value * 1e4) / 10;
	return s;
}

/* Mean and longest delay of the first decisions after steps with that name. Returns how many. */
static size_t first_delays(const struct report *r, const char *name, double *ret_mean_s, double *ret_most_s)
{
	uint64_t sum_ns = 0, most_ns = 0;
	size_t n = 0;

	for (size_t i = 0; i < r->n_decisions; i++) {
		const struct report_decision *d = &r->decision[i];

		if (!d->first || strcmp(d->step, name) != 0)
			continue;
		sum_ns += d->delay_ns;
		most_ns = d->delay_ns > most_ns ? d->delay_ns : most_ns;
		n++;
	}
	*ret_mean_s = n ? (double)sum_ns / (double)n / (double)CLOCK_NS_PER_S : 0;
	*ret_most_s = (double)most_ns / (double)CLOCK_NS_PER_S;
	return n;
}

void report_json(const struct report *r, const char *workload, FILE *to)
{
	double seconds = round((double)r->elapsed_ns / (double)CLOCK_NS_PER_MS) / 1e3;
	json_t *all = json_pack("{sf so so so s{so so} s{s{si si si}}}", "seconds", seconds, "agent",
				agent_json(r), "aggregator", aggregator_json(r), "decisions",
				decisions_json(r), "latency", "p95_ms", number(in_ms(r->p95_s)), "p95_ms_most",
				number(in_ms(r->p95_most_s)), "replicas", workload, "min",
				(int)r->replicas_min, "max", (int)r->replicas_max, "final",
				(int)r->replicas_final);

	json_dumpf(all, to, JSON_PRESERVE_ORDER | JSON_COMPACT | JSON_REAL_PRECISION(10));
	fputc('\n', to);
	json_decref(all);
}

static int decimals(double v)
{
	return v == floor(v) || v >= 100 ? 0 : v < 10 ? 2 : 1;
}

static void print_value(FILE *to, const char *name, struct report_value v, double scale,
			const char *unit)
{
	if (v.known)
		fprintf(to, "  %s %.*f%s", name, decimals(v.value / scale), v.value / scale, unit);
	else
		fprintf(to, "  %s ?", name);
}

static void print_steps(const struct report *r, FILE *to)
{
	static const char *const names[] = { "cpu", "slow" };
	double mean_s, most_s;

	fprintf(to, "from step to decision");
	for (size_t i = 0; i < 2; i++) {
		size_t n = first_delays(r, names[i], &mean_s, &most_s);

		if (n > 1)
			fprintf(to, "  %s %.2f s, at most %.2f s (%zu steps)", names[i], mean_s, most_s, n);
		else if (n)
			fprintf(to, "  %s %.2f s", names[i], mean_s);
		else
			fprintf(to, "  %s ?", names[i]);
	}
	fputc('\n', to);
}

void report_text(const struct report *r, FILE *to)
{
	const struct report_value *g = r->aggregator;

	fprintf(to, "%.1f s  replicas %u to %u, now %u", (double)r->elapsed_ns / (double)CLOCK_NS_PER_S,
		r->replicas_min, r->replicas_max, r->replicas_final);
	if (r->decisions_known)
		fprintf(to, ", %zu decisions\n", r->n_decisions);
	else
		fprintf(to, ", decisions not known\n");
	print_steps(r, to);
	fprintf(to, "requests  ");
	print_value(to, "p95", r->p95_s, 1e-3, " ms");
	print_value(to, "at most", r->p95_most_s, 1e-3, " ms");
	fputc('\n', to);
	fprintf(to, "agent     ");
	print_value(to, "containers", r->agent_end[AGENT_CONTAINERS], 1, "");
	print_value(to, "samples", r->agent_end[AGENT_SAMPLES], 1, "");
	print_value(to, "cpu", cpu_percent(r), 1, " %");
	print_value(to, "memory", r->agent_end[AGENT_RSS], 1048576, " MiB");
	fprintf(to, "\n          ");
	print_value(to, "bpf", bpf_ns(r), 1, " ns/switch");
	fprintf(to, "\naggregator");
	print_value(to, "batches", g[AGGREGATOR_BATCHES], 1, "");
	print_value(to, "gaps", g[AGGREGATOR_GAPS], 1, "");
	print_value(to, "refused", g[AGGREGATOR_REFUSED], 1, "");
	print_value(to, "memory", g[AGGREGATOR_RSS], 1048576, " MiB");
	fputc('\n', to);
}
