/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/show.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void show_line(const struct run *r, const char *format, ...)
{
	FILE *to = r->o->json ? stderr : stdout;
	char time[32];
	va_list args;

	if (r->top)
		return;
	clock_format(clock_wall(), time, sizeof(time));
	fprintf(to, "%.8s  ", time + 11);
	va_start(args, format);
	vfprintf(to, format, args);
	va_end(args);
	fputc('\n', to);
	fflush(to);
}

void show_place(const struct run *r)
{
	show_line(r, "aggregator  %s", r->place.aggregator_socket);
	show_line(r, "            127.0.0.1:%u (gRPC, mutual TLS)", r->place.grpc_port);
	show_line(r, "            http://127.0.0.1:%u/metrics", r->place.http_port);
	show_line(r, "agent       %s", r->place.agent_socket);
	show_line(r, "replicas    cgroups %s/replica-*", r->root);
	show_line(r, "policy      %s", r->place.policy);
}

void show_step(const struct run *r, const struct step *s)
{
	double cores = s->per_s * (double)s->each.cpu_us / 1e6;

	if (s->each.hold_us)
		show_line(r, "load        %s: %u requests/s x %.1f ms, one at a time; %.2f cores", s->name, s->per_s,
			  (s->each.cpu_us + s->each.hold_us) / 1e3, cores);
	else
		show_line(r, "load        %s: %u requests/s x %.1f ms of CPU = %.2f cores", s->name, s->per_s,
			  s->each.cpu_us / 1e3, cores);
}

static void show_decision(const struct run *r, const struct report_decision *d)
{
	char delay[64] = "";

	if (d->after_step)
		snprintf(delay, sizeof(delay), ", %.1f s after the step to %s",
			 clock_seconds(d->delay_ns), d->step);
	show_line(r, "decision    %s %s %u -> %u: %s (%s)%s%s%s", d->id, d->workload, d->from,
		  d->to, d->trigger[0] ? d->trigger : "no metric", d->reason, delay,
		  d->outcome[0] ? "; " : "", d->outcome);
}

void show_news(struct run *r)
{
	for (; r->decisions_shown < r->report.n_decisions; r->decisions_shown++)
		show_decision(r, &r->report.decision[r->decisions_shown]);
}

void show_child_death(const struct child *c)
{
	const char *tail = child_tail(c);

	if (tail[0])
		fprintf(stderr, "last words of %s:\n%s%s", child_name(c), tail,
			tail[strlen(tail) - 1] == '\n' ? "" : "\n");
}
