/* SPDX-License-Identifier: Apache-2.0 */
#include "files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/scope.h"

#define TEXT_BYTES 4096
#define SPARE_FDS  256 /* for everything else of this process */
#define FULL       (HIERARCHY_PATH + OWN_PATH + 64)

struct files {
	size_t n;    /* cgroups */
	size_t kept; /* of these, the first ones, whose files may be kept open */
	size_t each; /* files a cgroup */
	int kind[FILES_MOST]; /* which these are */
	char **path; /* [cgroup * each + file] */
	int *fd;     /* the same; -1: not open */
	bool legacy; /* memory is a v1 hierarchy */
};

/* The names */

enum {
	CPU, USAGE, LIMIT, STAT, PSI_CPU, PSI_MEMORY, PSI_IO, /* the first pass had these */
	PEAK, HIGH, SWAP, OOM, QUOTA, PERIOD, WEIGHT, THROTTLE, IO_BYTES, IO_COUNTS, TASKS,
};

_Static_assert(TASKS + 1 == FILES_MOST, "one for each name");

static const struct {
	enum plimsoll_hierarchy by;
	const char *v2, *v1; /* v1: where that controller has a hierarchy of its own. NULL: in another file, or nowhere */
} files[FILES_MOST] = {
	[CPU] = {PLIMSOLL_UNIFIED, "cpu.stat", NULL},
	[USAGE] = {PLIMSOLL_MEMORY, "memory.current", "memory.usage_in_bytes"},
	[LIMIT] = {PLIMSOLL_MEMORY, "memory.max", "memory.limit_in_bytes"},
	[STAT] = {PLIMSOLL_MEMORY, "memory.stat", "memory.stat"},
	[PSI_CPU] = {PLIMSOLL_UNIFIED, "cpu.pressure", NULL},
	[PSI_MEMORY] = {PLIMSOLL_UNIFIED, "memory.pressure", NULL},
	[PSI_IO] = {PLIMSOLL_UNIFIED, "io.pressure", NULL},
	[PEAK] = {PLIMSOLL_MEMORY, "memory.peak", "memory.max_usage_in_bytes"},
	[HIGH] = {PLIMSOLL_MEMORY, "memory.high", NULL},
	[SWAP] = {PLIMSOLL_MEMORY, "memory.swap.current", NULL},
	[OOM] = {PLIMSOLL_MEMORY, "memory.events", "memory.oom_control"},
	[QUOTA] = {PLIMSOLL_CPU, "cpu.max", "cpu.cfs_quota_us"},
	[PERIOD] = {PLIMSOLL_CPU, NULL, "cpu.cfs_period_us"},
	[WEIGHT] = {PLIMSOLL_CPU, "cpu.weight", "cpu.shares"},
	[THROTTLE] = {PLIMSOLL_CPU, NULL, "cpu.stat"},
	[IO_BYTES] = {PLIMSOLL_IO, "io.stat", "blkio.throttle.io_service_bytes"},
	[IO_COUNTS] = {PLIMSOLL_IO, NULL, "blkio.throttle.io_serviced"},
	[TASKS] = {PLIMSOLL_UNIFIED, "cgroup.procs", NULL},
};

/* NULL: this machine has no such file. */
static char *path_of(const struct own_cgroups *o, const char *cgroup, int file)
{
	enum plimsoll_hierarchy by = files[file].by;
	bool legacy = by != PLIMSOLL_UNIFIED && o->at.mount[by][0];
	const char *name = legacy ? files[file].v1 : files[file].v2;
	char *path = name ? mem_printf("%s%s/%s", o->at.mount[legacy ? by : PLIMSOLL_UNIFIED], cgroup, name) : NULL;

	if (path && access(path, R_OK) != 0)
		freep(&path);
	return path;
}

/* What they say */

static bool number_after(const char *text, const char *label, uint64_t unit, uint64_t *ret)
{
	const char *at = strstr(text, label);

	if (at)
		*ret = strtoull(at + strlen(label), NULL, 10) * unit;
	return at != NULL;
}

static bool pressure(const char *text, uint64_t *ret_some, uint64_t *ret_full)
{
	const char *full = strstr(text, "full ");

	return full && number_after(text, "total=", CLOCK_NS_PER_US, ret_some) &&
	       number_after(full, "total=", CLOCK_NS_PER_US, ret_full);
}

static bool memory_stat(const char *text, bool legacy, struct signals *to)
{
	uint64_t inactive;

	if (!number_after(text, legacy ? "total_inactive_file " : "inactive_file ", 1, &inactive) ||
	    !number_after(text, legacy ? "total_rss " : "anon ", 1, &to->memory_anon_bytes) ||
	    !number_after(text, legacy ? "total_cache " : "file ", 1, &to->memory_file_bytes))
		return false;
	to->memory_working_set_bytes = to->memory_usage_bytes > inactive ? to->memory_usage_bytes - inactive : 0;
	return true;
}

static bool number(const char *text, uint64_t *ret)
{
	*ret = strtoull(text, NULL, 10); /* "max" is 0: unlimited */
	return true;
}

/* One line a device, none for a cgroup that used none. */
static bool devices(const char *text, const char *read, const char *write, uint64_t *ret_read, uint64_t *ret_written)
{
	(void)number_after(text, read, 1, ret_read);
	(void)number_after(text, write, 1, ret_written);
	return true;
}

static bool processes(const char *text, uint64_t *ret)
{
	for (*ret = 0; *text; text++)
		*ret += *text == '\n';
	return true;
}

static bool understand(int file, const char *text, bool legacy, struct signals *to)
{
	switch (file) {
	case CPU:
		return number_after(text, "usage_usec ", CLOCK_NS_PER_US, &to->cpu_ns);
	case USAGE:
		return number(text, &to->memory_usage_bytes);
	case LIMIT:
		return number(text, &to->memory_limit_bytes);
	case STAT:
		return memory_stat(text, legacy, to);
	case PSI_CPU:
		return pressure(text, &to->psi_cpu_some_ns, &to->psi_cpu_full_ns);
	case PSI_MEMORY:
		return pressure(text, &to->psi_memory_some_ns, &to->psi_memory_full_ns);
	case PSI_IO:
		return pressure(text, &to->psi_io_some_ns, &to->psi_io_full_ns);
	case PEAK:
		return number(text, &to->memory_peak_bytes);
	case HIGH:
		return number(text, &to->memory_high_bytes);
	case SWAP:
		return number(text, &to->memory_swap_bytes);
	case OOM:
		return number_after(text, "oom_kill ", 1, &to->oom_kills);
	case QUOTA:
		return number(text, &to->cpu_quota_ns);
	case PERIOD:
		return number(text, &to->cpu_period_ns);
	case WEIGHT:
		return number(text, &to->cpu_weight);
	case THROTTLE:
		return number_after(text, "nr_throttled ", 1, &to->cpu_throttled_periods) &&
		       number_after(text, "nr_periods ", 1, &to->cpu_periods);
	case IO_BYTES:
		return devices(text, legacy ? "Read " : "rbytes=", legacy ? "Write " : "wbytes=", &to->io_read_bytes,
			       &to->io_written_bytes);
	case IO_COUNTS:
		return devices(text, "Read ", "Write ", &to->io_reads, &to->io_writes);
	default:
		return processes(text, &to->processes);
	}
}

/* Both ways of reading */

static bool read_fd(const struct files *f, int fd, int file, struct signals *to)
{
	char text[TEXT_BYTES];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n < 0) /* an idle cgroup's list is empty */
		return false;
	text[n] = '\0';
	return understand(file, text, f->legacy, to);
}

static bool read_once(const struct files *f, size_t at, int file, struct signals *to)
{
	int fd = open(f->path[at], O_RDONLY | O_CLOEXEC);
	bool good = fd >= 0 && read_fd(f, fd, file, to);

	if (fd >= 0)
		close(fd);
	return good;
}

static bool read_kept(const struct files *f, size_t at, int file, struct signals *to)
{
	if (f->fd[at] < 0)
		f->fd[at] = open(f->path[at], O_RDONLY | O_CLOEXEC);
	return f->fd[at] >= 0 && read_fd(f, f->fd[at], file, to);
}

typedef bool (*read_fn)(const struct files *f, size_t at, int file, struct signals *to);

static size_t read_all(const struct files *f, size_t n, read_fn read_file, struct signals *ret)
{
	size_t good = 0;

	for (size_t i = 0; i < n; i++) {
		size_t file = 0;

		while (file < f->each && read_file(f, i * f->each + file, f->kind[file], &ret[i]))
			file++;
		good += file == f->each;
	}
	return good;
}

size_t files_open_read_close(struct files *f, struct signals *ret)
{
	return read_all(f, f->n, read_once, ret);
}

size_t files_pread(struct files *f, struct signals *ret)
{
	return read_all(f, f->kept, read_kept, ret);
}

size_t files_kept(const struct files *f)
{
	return f->kept;
}

/* Life */

/* How many cgroups' files may be open at once. */
static size_t most_kept(size_t n, size_t each)
{
	struct rlimit l, more = {n * each + SPARE_FDS, n * each + SPARE_FDS};

	getrlimit(RLIMIT_NOFILE, &l);
	if (more.rlim_cur > l.rlim_max && setrlimit(RLIMIT_NOFILE, &more) == 0)
		return n;
	l.rlim_cur = l.rlim_max;
	setrlimit(RLIMIT_NOFILE, &l);
	return more.rlim_cur <= l.rlim_max ? n : (l.rlim_max - SPARE_FDS) / each;
}

/* Those of the first cgroup, which are like those of the others. */
static void choose(struct files *f, const struct own_cgroups *o, const char *cgroup)
{
	for (int file = 0; file < FILES_MOST; file++) {
		char *path = path_of(o, cgroup, file);

		if (path)
			f->kind[f->each++] = file;
		free(path);
	}
}

struct files *files_new(const struct own_cgroups *o, char *const *paths, size_t n)
{
	struct files *f = mem_new(struct files);

	f->n = n;
	choose(f, o, paths[0]);
	f->kept = most_kept(n, f->each);
	f->legacy = o->at.mount[PLIMSOLL_MEMORY][0] != '\0';
	f->path = mem_array(NULL, n * f->each, sizeof(*f->path));
	f->fd = mem_array(NULL, n * f->each, sizeof(*f->fd));
	for (size_t at = 0; at < n * f->each; at++) {
		f->path[at] = path_of(o, paths[at / f->each], f->kind[at % f->each]);
		f->fd[at] = -1;
	}
	return f;
}

size_t files_each(const struct files *f)
{
	return f->each;
}

struct files *files_free(struct files *f)
{
	for (size_t at = 0; at < f->n * f->each; at++) {
		if (f->fd[at] >= 0)
			close(f->fd[at]);
		free(f->path[at]);
	}
	free(f->path);
	free(f->fd);
	free(f);
	return NULL;
}
