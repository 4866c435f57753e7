/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-rpc: prints Markdown tables. `bench-rpc` runs everything (about two minutes); `bench-rpc quick`
 * only proves that it runs.
 */
#include "unit/lib/rpc/certificates.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "bench.h"
#include "bench/spread.h"

#define ROUNDS 7
#define CLIENT_PROCESSES 2 /* of a fleet */

const struct rpc_method bench_methods[3] = {
	{ "/bench.Rpc/Push", RPC_CLIENT_STREAM, &plimsoll__v1__batch__descriptor,
	  &plimsoll__v1__directive__descriptor, NULL, 0 },
	{ "/bench.Rpc/Trip", RPC_BIDI, &plimsoll__v1__batch__descriptor,
	  &plimsoll__v1__directive__descriptor, NULL, 0 },
	{ "/bench.Rpc/Unary", RPC_UNARY, &plimsoll__v1__batch__descriptor,
	  &plimsoll__v1__directive__descriptor, NULL, 0 },
};

static uint64_t *column(uint64_t base, uint64_t step)
{
	uint64_t *c = mem_array(NULL, BENCH_ROWS, sizeof(*c));

	for (size_t i = 0; i < BENCH_ROWS; i++)
		c[i] = base + i * step;
	return c;
}

Plimsoll__V1__Batch *bench_batch(void)
{
	static Plimsoll__V1__Columns c = PLIMSOLL__V1__COLUMNS__INIT;
	static Plimsoll__V1__Batch b = PLIMSOLL__V1__BATCH__INIT;
	static uint32_t rows[BENCH_ROWS];

	for (uint32_t i = 0; i < BENCH_ROWS; i++)
		rows[i] = i;
	c.row = rows;
	c.cpu_ns = column(987654321000, 1234567);
	c.runq_wait_ns = column(7654321000, 123457);
	c.switches = column(123456, 789);
	c.memory_usage_bytes = column(123456789, 4096);
	c.memory_working_set_bytes = column(98765432, 4096);
	c.memory_limit_bytes = column(536870912, 0);
	c.psi_cpu_some_ns = column(54321000, 1000);
	c.n_row = c.n_cpu_ns = c.n_runq_wait_ns = c.n_switches = BENCH_ROWS;
	c.n_memory_usage_bytes = c.n_memory_working_set_bytes = BENCH_ROWS;
	c.n_memory_limit_bytes = c.n_psi_cpu_some_ns = BENCH_ROWS;
	b.wire_version = 1;
	b.epoch = 0x123456789abcdef;
	b.boottime_ns = 123456789012345;
	b.live_rows = BENCH_ROWS;
	b.columns = &c;
	return &b;
}

static uint64_t cpu_ns(pid_t pid)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) < 0)
		return 0;
	return (uint64_t)t.tv_sec * CLOCK_NS_PER_S + (uint64_t)t.tv_nsec;
}

static uint64_t rss_bytes(pid_t pid)
{
	char path[64];
	unsigned long size, resident = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%lu %lu", &size, &resident) != 2)
		resident = 0;
	if (f)
		fclose(f);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void read_all(int fd, void *to, size_t n)
{
	for (char *p = to; n;) {
		ssize_t done = read(fd, p, n);

		if (done <= 0) {
			fprintf(stderr, "bench-rpc: a process ended early\n");
			exit(1);
		}
		p += done;
		n -= (size_t)done;
	}
}

struct process {
	pid_t pid;
	int from, to;
};

/* `role` runs in the child and does not return. */
static struct process start(const struct bench_run *r, int port)
{
	int out[2], in[2];
	struct process p;

	if (pipe(out) < 0 || pipe(in) < 0 || (p.pid = fork()) < 0) {
		perror("bench-rpc");
		exit(1);
	}
	if (p.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* nothing stays when a run fails */
		close(out[0]);
		close(in[1]);
		if (port)
			bench_client_run(r, port, out[1], in[0]);
		else if (r->server == BENCH_RAW)
			bench_serve_raw(out[1]);
		else
			bench_serve_ours(r, out[1]);
		_exit(1);
	}
	close(out[1]);
	close(in[0]);
	p.from = out[0];
	p.to = in[1];
	return p;
}

static void end(struct process *p)
{
	kill(p->pid, SIGTERM);
	waitpid(p->pid, NULL, 0);
	close(p->from);
	close(p->to);
}

static int by_size(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

struct latencies {
	uint32_t *us;
	size_t n;
};

static void collect(struct process *client, struct bench_result *ret, struct latencies *all)
{
	struct bench_client c;

	read_all(client->from, &c, sizeof(c));
	if (c.failed)
		exit(1);
	all->us = mem_array(all->us, all->n + c.n_latencies + 1, sizeof(*all->us));
	read_all(client->from, all->us + all->n, c.n_latencies * sizeof(*all->us));
	all->n += c.n_latencies;
	ret->messages += c.messages;
	ret->late += c.late;
	if (c.elapsed_ns > ret->elapsed_ns)
		ret->elapsed_ns = c.elapsed_ns;
	if (c.open_ns > ret->open_ns)
		ret->open_ns = c.open_ns;
}

static struct bench_result run(struct bench_run r)
{
	struct process server = start(&r, 0), client[CLIENT_PROCESSES];
	unsigned n = r.shape == BENCH_FLEET ? CLIENT_PROCESSES : 1;
	struct bench_result result = { 0 };
	struct latencies all = { 0 };
	uint64_t before_ns, idle_bytes;
	int port;
	char open;

	read_all(server.from, &port, sizeof(port));
	idle_bytes = rss_bytes(server.pid);
	r.clients /= n;
	before_ns = cpu_ns(server.pid);
	for (unsigned i = 0; i < n; i++)
		client[i] = start(&r, port);
	if (r.shape == BENCH_FLEET) {
		for (unsigned i = 0; i < n; i++)
			read_all(client[i].from, &open, 1);
		before_ns = cpu_ns(server.pid);
		for (unsigned i = 0; i < n; i++)
			if (write(client[i].to, "g", 1) != 1)
				exit(1);
	}
	for (unsigned i = 0; i < n; i++)
		collect(&client[i], &result, &all);
	result.server_cpu_ns = cpu_ns(server.pid) - before_ns;
	result.server_rss_bytes = rss_bytes(server.pid) - idle_bytes;
	for (unsigned i = 0; i < n; i++) {
		struct rusage use;

		wait4(client[i].pid, NULL, 0, &use);
		result.client_cpu_ns += (uint64_t)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) *
						CLOCK_NS_PER_S +
					(uint64_t)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) *
						CLOCK_NS_PER_US;
		close(client[i].from);
		close(client[i].to);
	}
	end(&server);
	qsort(all.us, all.n, sizeof(*all.us), by_size);
	if (all.n) {
		result.p50_ns = all.us[all.n / 2] * CLOCK_NS_PER_US;
		result.p99_ns = all.us[all.n * 99 / 100] * CLOCK_NS_PER_US;
	}
	free(all.us);
	return result;
}

struct pair {
	const char *name, *of;
	struct bench_run a, b;
};

static double server_us(const struct bench_result *r)
{
	return (double)r->server_cpu_ns / 1e3 / (double)r->messages;
}

static double rate(const struct bench_result *r)
{
	return (double)r->messages * 1e9 / (double)r->elapsed_ns;
}

static void print_side(const char *name, const struct bench_result *r)
{
	printf("| %s | %.0f | %.1f | %.1f |", name, rate(r), server_us(r),
	       (double)r->client_cpu_ns / 1e3 / (double)r->messages);
	if (r->p50_ns)
		printf(" %.0f / %.0f |", (double)r->p50_ns / 1e3, (double)r->p99_ns / 1e3);
	else
		printf(" – |");
}

/* a and b take turns; each round gives one ratio, so a slow second of the machine hits both. */
static void compare(const struct pair *p, int rounds)
{
	double speed[ROUNDS], cpu[ROUNDS];
	struct bench_result a = { 0 }, b = { 0 };
	struct spread s, c;

	for (int i = 0; i < rounds; i++) {
		a = run(i % 2 ? p->b : p->a);
		b = run(i % 2 ? p->a : p->b);
		if (i % 2) {
			struct bench_result swap = a;

			a = b;
			b = swap;
		}
		speed[i] = rate(&a) / rate(&b);
		cpu[i] = server_us(&a) / server_us(&b);
	}
	s = spread_of(speed, rounds);
	c = spread_of(cpu, rounds);
	print_side(p->name, &a);
	printf(" %.2f (%.2f–%.2f) | %.2f (%.2f–%.2f) |\n", s.median, s.low, s.high, c.median, c.low,
	       c.high);
	print_side(p->of, &b);
	printf(" 1 | 1 |\n");
	fflush(stdout);
}

static void compare_all(const char *dir, int rounds, uint64_t messages)
{
	struct bench_run push = { BENCH_OURS, BENCH_PUSH, false, dir, 4 * messages, 1 };
	struct bench_run trip = { BENCH_OURS, BENCH_TRIP, false, dir, messages, 1 };
	struct bench_run unary = { BENCH_OURS, BENCH_UNARY, false, dir, messages, 1 };
	struct bench_run raw_push = push, raw_trip = trip, tls_push = push, tls_trip = trip;

	raw_push.server = raw_trip.server = BENCH_RAW;
	tls_push.tls = tls_trip.tls = true;
	const struct pair pairs[] = {
		{ "push, lib/rpc", "push, core by hand", push, raw_push },
		{ "round trip, lib/rpc", "round trip, core by hand", trip, raw_trip },
		{ "round trip, one stream", "round trip, unary calls", trip, unary },
		{ "push, mTLS", "push, plain text", tls_push, push },
		{ "round trip, mTLS", "round trip, plain text", tls_trip, trip },
	};

	printf("One connection, batches of %d rows (%zu bytes), %d rounds taking turns, the last one's "
	       "figures and the median (least–most) of the ratios.\n\n",
	       BENCH_ROWS, protobuf_c_message_get_packed_size(&bench_batch()->base), rounds);
	printf("| what | messages/s | server us/message | client us/message | trip p50 / p99 us | "
	       "speed ratio | server CPU ratio |\n|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		compare(&pairs[i], rounds);
}

static void fleet(const char *dir, unsigned connections, bool tls, uint64_t seconds)
{
	struct bench_result r = run((struct bench_run){ BENCH_OURS, BENCH_FLEET, tls, dir, seconds,
							connections });

	printf("| %u | %s | %.1f | %.0f | %.1f | %.1f %% | %.0f | %.2f / %.1f | %llu of %llu |\n",
	       connections, tls ? "mTLS" : "plain text", (double)r.open_ns / 1e9, rate(&r),
	       server_us(&r), 100 * (double)r.server_cpu_ns / (double)r.elapsed_ns,
	       (double)r.server_rss_bytes / 1024 / connections, (double)r.p50_ns / 1e6,
	       (double)r.p99_ns / 1e6, (unsigned long long)r.late,
	       (unsigned long long)(r.messages + r.late));
	fflush(stdout);
}

static void fleets(const char *dir, bool quick)
{
	printf("\nMany connections, one batch a second and its answer each; clients in %d processes on "
	       "the same machine.\n\n",
	       CLIENT_PROCESSES);
	printf("| connections | security | open s | messages/s | server us/message | server of one CPU "
	       "| RSS KiB/connection | answer p50 / p99 ms | late (> 1 s) |\n"
	       "|---|---|---|---|---|---|---|---|---|\n");
	if (quick) {
		fleet(dir, 50, false, 2);
		return;
	}
	fleet(dir, 1000, false, 10);
	fleet(dir, 1000, true, 10);
	fleet(dir, 5000, false, 10);
	fleet(dir, 2000, true, 10); /* 5,000 need more cores than two for the clients' share */
}

static char folder[] = "/tmp/plimsoll-bench.XXXXXX";

static void remove_folder(void)
{
	const char *dir = folder;
	DIR *d = opendir(dir);
	struct dirent *f;
	char path[512];

	while (d && (f = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", dir, f->d_name);
		if (f->d_name[0] != '.')
			unlink(path);
	}
	if (d)
		closedir(d);
	rmdir(dir);
}

int main(int argc, char **argv)
{
	bool quick = argc > 1 && strcmp(argv[1], "quick") == 0;
	const char *dir = folder;
	struct authority ca;

	signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(folder)) {
		perror("bench-rpc");
		return 1;
	}
	atexit(remove_folder);
	ca = authority_new(dir, "ca");
	leaf(dir, "server", &ca, (struct wish){ .dns = "localhost" });
	leaf(dir, "client", &ca, (struct wish){ .dns = "node" });
	authority_free(&ca);
	compare_all(dir, quick ? 1 : ROUNDS, quick ? 200 : 4000);
	fleets(dir, quick);
	return 0;
}
