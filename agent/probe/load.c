/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/load.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "cgroup.skel.h"
#include "sched.skel.h"

static char last_words[200]; /* libbpf's last warning that says something */

static int __attribute__((format(printf, 2, 0)))
listen_to_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	char line[sizeof(last_words)];

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(line, sizeof(line), format, args);
	line[strcspn(line, "\n")] = '\0';
	if (!strstr(line, "failed to load object") && !strstr(line, "-- END") && line[0] &&
	    !strstr(line, "failed to load BPF skeleton") && !strstr(line, "failed to auto-attach"))
		memcpy(last_words, line, sizeof(last_words));
	return 0;
}

static int say_load_failure(int r, const char *what, struct err *e)
{
	err_set(e, r == -EPERM || r == -EACCES ? -EPERM : -EOPNOTSUPP, "cannot %s", what);
	err_cause(e, "%s (%s)", last_words[0] ? last_words : "libbpf does not say why", strerror(-r));
	return err_fix(e, "the agent needs Linux 6.1 or newer with BTF, as root or with CAP_BPF and "
			  "CAP_PERFMON; plimsoll doctor says what this machine lacks");
}

/* Array maps are page-aligned in memory when they can be mapped. */
static size_t map_size(const struct bpf_map *m)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t bytes = (size_t)bpf_map__value_size(m) * bpf_map__max_entries(m);

	return (bytes + page - 1) / page * page;
}

static void *map_array(struct load *l, const struct bpf_map *m, int protection, struct err *e)
{
	size_t size = map_size(m);
	void *at = mmap(NULL, size, protection, MAP_SHARED, bpf_map__fd(m), 0);

	l->map_bytes += size;
	if (at != MAP_FAILED)
		return at;
	err_set(e, -errno, "cannot map the kernel's array %s, %zu KiB", bpf_map__name(m), size / 1024);
	err_fix(e, "lower --max-cgroups");
	return NULL;
}

static uint32_t numa_nodes(void)
{
	scoped(fclosep) FILE *f = fopen("/sys/devices/system/node/possible", "re");
	unsigned first = 0, last = 0;
	int n = f ? fscanf(f, "%u-%u", &first, &last) : 0;

	if (n < 2)
		last = first;
	return last + 1 < PLIMSOLL_NODES_MAX ? last + 1 : PLIMSOLL_NODES_MAX;
}

static int choose_sizes(struct load *l, uint32_t slots, struct err *e)
{
	int cpus = libbpf_num_possible_cpus();

	if (cpus < 1 || cpus > PLIMSOLL_CPUS_MAX) {
		err_set(e, -ERANGE, "cannot sample a machine of %d possible CPUs", cpus);
		return err_cause(e, "the agent is built for 1 to %d", PLIMSOLL_CPUS_MAX);
	}
	l->cpus = (uint32_t)cpus;
	l->slots = slots;
	l->rows = 2 * slots;
	for (l->table_bits = 6; 1u << l->table_bits < 4 * l->rows;) /* two keys a row, half full */
		l->table_bits++;
	return 0;
}

static int load_sched(struct load *l, struct err *e)
{
	struct sched_bpf *s = l->sched = sched_bpf__open();
	int r;

	if (!s)
		return say_load_failure(-errno, "open the scheduler program", e);
	s->rodata->n_slots = l->slots;
	s->rodata->table_bits = l->table_bits;
	s->rodata->memory_legacy = l->memory_legacy;
	bpf_map__set_max_entries(s->maps.table, 2u << l->table_bits);
	bpf_map__set_max_entries(s->maps.slots, l->cpus * l->slots);
	bpf_map__set_max_entries(s->maps.running, l->cpus);
	r = sched_bpf__load(s);
	return r < 0 ? say_load_failure(r, "load the scheduler program", e) : 0;
}

static int load_cgroup(struct load *l, struct err *e)
{
	struct cgroup_bpf *c = l->cgroup = cgroup_bpf__open();
	int r;

	if (!c)
		return say_load_failure(-errno, "open the cgroup program", e);
	c->rodata->table_bits = l->table_bits;
	c->rodata->memory_legacy = l->memory_legacy;
	c->rodata->n_cpus = l->cpus;
	c->rodata->n_nodes = numa_nodes();
	bpf_map__set_max_entries(c->maps.rows, l->rows);
	r = bpf_map__reuse_fd(c->maps.table, bpf_map__fd(l->sched->maps.table));
	if (r == 0)
		r = cgroup_bpf__load(c);
	return r < 0 ? say_load_failure(r, "load the cgroup program", e) : 0;
}

static int map_arrays(struct load *l, struct err *e)
{
	const int both = PROT_READ | PROT_WRITE;

	l->map_bytes = map_size(l->sched->maps.memos);
	if (!(l->slot = map_array(l, l->sched->maps.slots, both, e)) ||
	    !(l->running = map_array(l, l->sched->maps.running, PROT_READ, e)) ||
	    !(l->table = map_array(l, l->sched->maps.table, both, e)) ||
	    !(l->row = map_array(l, l->cgroup->maps.rows, PROT_READ, e)) ||
	    !(l->birth = map_array(l, l->cgroup->maps.births, PROT_READ, e)))
		return e ? e->code : -ENOMEM;
	return 0;
}

static int attach_pass(struct load *l, const char *mount, struct bpf_link **ret, struct err *e)
{
	union bpf_iter_link_info info = {.cgroup.order = BPF_CGROUP_ITER_DESCENDANTS_PRE};
	DECLARE_LIBBPF_OPTS(bpf_iter_attach_opts, o, .link_info = &info, .link_info_len = sizeof(info));
	scoped(closep) int fd = -1;

	if (!mount[0])
		return 0;
	fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		err_set(e, -errno, "cannot open the cgroup hierarchy %s", mount);
		return err_fix(e, "see that this directory can be read and files can be opened (ulimit -n)");
	}
	info.cgroup.cgroup_fd = (__u32)fd;
	*ret = bpf_program__attach_iter(l->cgroup->progs.cgroup_pass, &o);
	return *ret ? 0 : say_load_failure(-errno, "attach the cgroup program", e);
}

int load_open(struct load *l, const struct hierarchy *h, uint32_t slots, struct err *e)
{
	int r;

	*l = (struct load){.memory_legacy = h->memory[0] != '\0'};
	last_words[0] = '\0';
	libbpf_set_print(listen_to_libbpf);
	r = choose_sizes(l, slots, e);
	if (r == 0)
		r = load_sched(l, e);
	if (r == 0)
		r = load_cgroup(l, e);
	if (r == 0)
		r = map_arrays(l, e);
	if (r == 0)
		r = attach_pass(l, h->unified, &l->pass[0], e);
	if (r == 0)
		r = attach_pass(l, h->memory, &l->pass[1], e);
	if (r < 0)
		load_close(l);
	return r;
}

static void unmap(const volatile void *at, const struct bpf_map *m)
{
	if (at)
		munmap((void *)(uintptr_t)at, map_size(m));
}

void load_close(struct load *l)
{
	for (int i = 0; i < 2; i++)
		bpf_link__destroy(l->pass[i]);
	if (l->cgroup) {
		unmap(l->row, l->cgroup->maps.rows);
		unmap(l->birth, l->cgroup->maps.births);
	}
	if (l->sched) {
		unmap(l->slot, l->sched->maps.slots);
		unmap(l->running, l->sched->maps.running);
		unmap(l->table, l->sched->maps.table);
	}
	cgroup_bpf__destroy(l->cgroup);
	sched_bpf__destroy(l->sched);
	*l = (struct load){0};
}

int load_attach_sched(struct load *l, struct err *e)
{
	int r = sched_bpf__attach(l->sched);

	return r < 0 ? say_load_failure(r, "attach to sched_switch", e) : 0;
}

static int run_pass(struct bpf_link *link, struct err *e)
{
	scoped(closep) int fd = bpf_iter_create(bpf_link__fd(link));
	char nothing[64]; /* the program writes into the arrays, never here */
	ssize_t n;

	if (fd < 0)
		return err_set(e, -errno, "cannot start the cgroup pass");
	do
		n = read(fd, nothing, sizeof(nothing));
	while (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)));
	return n < 0 ? err_set(e, -errno, "cannot read the cgroup pass") : 0;
}

int64_t load_pass(struct load *l, struct err *e)
{
	l->cgroup->bss->pass = ++l->pass_number;
	l->cgroup->bss->now_ns = load_clock(l);
	l->cgroup->bss->n_births = 0;
	for (int i = 0; i < 2; i++) {
		int r = l->pass[i] ? run_pass(l->pass[i], e) : 0;
		if (r < 0)
			return r;
	}
	return (int64_t)l->cgroup->bss->n_births;
}

static uint64_t monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * CLOCK_NS_PER_S + (uint64_t)t.tv_nsec;
}

uint64_t load_clock(const struct load *l)
{
	uint64_t offset = __atomic_load_n(&l->sched->bss->clock_offset_ns, __ATOMIC_RELAXED);

	return offset ? monotonic_ns() - offset : 0;
}

void load_compare_clocks(struct load *l)
{
	__atomic_store_n(&l->sched->bss->clock_wanted, 1, __ATOMIC_RELAXED);
}

struct plimsoll_entry *load_spare_half(const struct load *l)
{
	return l->table + ((size_t)(~l->sched->bss->table_version & 1) << l->table_bits);
}

void load_use_spare_half(struct load *l)
{
	uint32_t version = l->sched->bss->table_version + 1;

	__atomic_store_n(&l->sched->bss->table_version, version, __ATOMIC_RELEASE);
	l->cgroup->bss->table_version = version;
}

int load_sched_program(const struct load *l)
{
	return bpf_program__fd(l->sched->progs.sched_switch);
}
