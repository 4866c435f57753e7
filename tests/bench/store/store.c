/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store under a whole fleet: every row of every node changes every second, 24 buckets of its
 *wait histogram in use. Prints what a row's second costs and what a row takes in memory, against
 *the budget of 1.5 GiB for 5,000 agents x 110 pods and one core.
 *
 *	bench-store [NODES [SECONDS]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "aggregator/store/node.h"
#include "aggregator/store/store.h"
#include "base/mem.h"
#include "base/scope.h"

#define ROWS    110u
#define BUCKETS 24u /* in use in all; 6 of them change in a second */
#define CHANGED 6u

struct second {
	struct store_batch b;
	uint32_t row[ROWS], flags[ROWS];
	uint64_t column[SIGNALS][ROWS];
	struct store_identity identity[ROWS];
	char text[ROWS][3][256];
	uint32_t hist[3][ROWS * BUCKETS];
};

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double resident(void)
{
	scoped(fclosep) FILE *f = fopen("/proc/self/statm", "re");
	unsigned long size, pages = 0;

	if (!f || fscanf(f, "%lu %lu", &size, &pages) != 2)
		return 0;
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

/* As long as a kubelet's paths are. */
static void name_rows(struct second *s, unsigned node)
{
	for (unsigned i = 0; i < ROWS; i++) {
		snprintf(s->text[i][0], sizeof(s->text[i][0]),
			 "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod%08x_1234_"
			 "5678_9abc_%012x.slice/cri-containerd-%032x%032x.scope",
			 node, i, node, i);
		snprintf(s->text[i][1], sizeof(s->text[i][1]), "%08x-1234-5678-9abc-%012x", node,
			 i);
		snprintf(s->text[i][2], sizeof(s->text[i][2]), "%032x%032x", node, i);
		s->identity[i] = (struct store_identity){.row = i + 1,
							 .kind = STORE_KIND_POD_CONTAINER,
							 .cgroup = s->text[i][0],
							 .runtime = "containerd",
							 .pod_uid = s->text[i][1],
							 .container_id = s->text[i][2],
							 .qos = "burstable",
							 .name = s->text[i][2] + 52,
							 .pod_namespace = "",
							 .pod_name = "",
							 .workload = ""};
	}
}

static struct second *new_second(void)
{
	struct second *s = mem_new(struct second);

	s->b.row = s->row;
	s->b.flags = s->flags;
	s->b.identity = s->identity;
	for (size_t c = 0; c < SIGNALS; c++)
		s->b.column[c] = s->column[c];
	s->b.hist[0].row = s->hist[0];
	s->b.hist[0].bucket = s->hist[1];
	s->b.hist[0].count = s->hist[2];
	for (uint32_t i = 0; i < ROWS; i++)
		s->row[i] = i + 1;
	return s;
}

static void fill(struct second *s, uint64_t sequence)
{
	unsigned buckets = sequence == 1 ? BUCKETS : CHANGED;

	s->b.epoch = 1;
	s->b.sequence = sequence;
	s->b.boottime_ns = (sequence + 1) * CLOCK_NS_PER_S;
	s->b.keyframe = sequence == 1;
	s->b.n_rows = ROWS;
	s->b.n_identities = 0;
	for (size_t c = 0; c < SIGNALS; c++)
		for (uint32_t i = 0; i < ROWS; i++)
			s->column[c][i] = sequence * 9000000 + i;
	s->b.hist[0].n = (size_t)ROWS * buckets;
	for (uint32_t k = 0; k < s->b.hist[0].n; k++) {
		s->hist[0][k] = k / buckets;
		s->hist[1][k] = 4 + (k % buckets + (uint32_t)sequence) % BUCKETS;
		s->hist[2][k] = (uint32_t)sequence;
	}
}

static void ignore(const struct store_summary *w, void *data)
{
	(void)w;
	++*(uint64_t *)data;
}

int main(int argc, char **argv)
{
	unsigned nodes = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 500;
	unsigned seconds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 70;
	struct store *s =
		store_new(&(struct store_options){.agents_max = nodes, .rows_max = nodes * ROWS});
	struct store_node **node = mem_array(NULL, nodes, sizeof(struct store_node *));
	struct second *x = new_second();
	double before = resident(), begin, each, rows = (double)nodes * ROWS;
	enum store_refusal why;
	uint64_t held, groups = 0;
	char name[32];

	for (unsigned i = 0; i < nodes; i++) {
		struct store_source source = {.node = name,
					      .boot_id = "b",
					      .agent_version = "0",
					      .interval_ns = CLOCK_NS_PER_S,
					      .cpus = 64};

		snprintf(name, sizeof(name), "node-%u", i);
		fill(x, 0);
		name_rows(x, i);
		x->b.n_rows = x->b.hist[0].n = 0;
		x->b.n_identities = ROWS;
		if (store_hello(s, &source, &x->b, (clock_boot_t){CLOCK_NS_PER_S}, &node[i], &held))
			return 1;
	}
	begin = cpu_seconds();
	for (uint64_t t = 1; t <= seconds; t++) {
		fill(x, t);
		for (unsigned i = 0; i < nodes; i++)
			if (store_put(s, node[i], &x->b,
				      (clock_boot_t){x->b.boottime_ns + CLOCK_NS_PER_MS}, &why))
				return 1;
	}
	each = (cpu_seconds() - begin) / seconds;
	printf("%u nodes x %u rows, %u s\n\n| | measured | 5,000 nodes | budget "
	       "|\n|---|---|---|---|\n",
	       nodes, ROWS, seconds);
	printf("| a row's second | %.0f ns | %.2f cores | 1 core |\n", each / rows * 1e9,
	       each / nodes * 5000);
	printf("| a row in memory | %.0f B | %.2f GiB | 1.5 GiB, connections too |\n",
	       (resident() - before) / rows, (resident() - before) / rows * 550000 / (1 << 30));
	begin = cpu_seconds();
	store_each(s, (clock_boot_t){(seconds + 1) * CLOCK_NS_PER_S}, 10 * CLOCK_NS_PER_S,
		   3 * CLOCK_NS_PER_S, ignore, &groups);
	each = cpu_seconds() - begin;
	printf("| all %llu workloads once | %.0f ns a row | %.2f s | none |\n",
	       (unsigned long long)groups, each / rows * 1e9, each / nodes * 5000);
	store_free(s);
	free(node);
	free(x);
	return 0;
}
