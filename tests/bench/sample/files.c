/* SPDX-License-Identifier: Apache-2.0 */
#include "files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"

#define TEXT_BYTES 4096
#define SPARE_FDS  256 /* for everything else of this process */
#define FULL       (HIERARCHY_PATH + OWN_PATH + 64)

struct files {
	size_t n;    /* cgroups */
	size_t kept; /* of these, the first ones, whose files may be kept open */
	char **path; /* [cgroup * FILES_EACH + file] */
	int *fd;     /* the same; -1: not open */
	bool legacy; /* memory is a v1 hierarchy */
};

/* The names */

enum { CPU, USAGE, LIMIT, STAT, PSI_CPU, PSI_MEMORY, PSI_IO };

static const struct {
	bool memory;
	const char *v2, *v1;
} files[FILES_EACH] = {
	[CPU] = {false, "cpu.stat", NULL},
	[USAGE] = {true, "memory.current", "memory.usage_in_bytes"},
	[LIMIT] = {true, "memory.max", "memory.limit_in_bytes"},
	[STAT] = {true, "memory.stat", "memory.stat"},
	[PSI_CPU] = {false, "cpu.pressure", NULL},
	[PSI_MEMORY] = {false, "memory.pressure", NULL},
	[PSI_IO] = {false, "io.pressure", NULL},
};

static char *path_of(const struct own_cgroups *o, const char *cgroup, int file)
{
	bool legacy = files[file].memory && o->at.mount[PLIMSOLL_MEMORY][0];

	return mem_printf("%s%s/%s", legacy ? o->at.mount[PLIMSOLL_MEMORY] : o->at.mount[PLIMSOLL_UNIFIED], cgroup,
			  legacy ? files[file].v1 : files[file].v2);
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

static bool understand(int file, const char *text, bool legacy, struct signals *to)
{
	uint64_t inactive;

	switch (file) {
	case CPU:
		return number_after(text, "usage_usec ", CLOCK_NS_PER_US, &to->cpu_ns);
	case USAGE:
		to->memory_usage_bytes = strtoull(text, NULL, 10);
		return true;
	case LIMIT:
		to->memory_limit_bytes = strtoull(text, NULL, 10); /* "max" is 0: unlimited */
		return true;
	case STAT:
		if (!number_after(text, legacy ? "total_inactive_file " : "inactive_file ", 1, &inactive))
			return false;
		to->memory_working_set_bytes =
			to->memory_usage_bytes > inactive ? to->memory_usage_bytes - inactive : 0;
		return true;
	case PSI_CPU:
		return pressure(text, &to->psi_cpu_some_ns, &to->psi_cpu_full_ns);
	case PSI_MEMORY:
		return pressure(text, &to->psi_memory_some_ns, &to->psi_memory_full_ns);
	default:
		return pressure(text, &to->psi_io_some_ns, &to->psi_io_full_ns);
	}
}

/* Both ways of reading */

static bool read_fd(const struct files *f, int fd, int file, struct signals *to)
{
	char text[TEXT_BYTES];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
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
		int file = 0;

		while (file < FILES_EACH && read_file(f, i * FILES_EACH + (size_t)file, file, &ret[i]))
			file++;
		good += file == FILES_EACH;
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
static size_t most_kept(size_t n)
{
	struct rlimit l, more = {n * FILES_EACH + SPARE_FDS, n * FILES_EACH + SPARE_FDS};

	getrlimit(RLIMIT_NOFILE, &l);
	if (more.rlim_cur > l.rlim_max && setrlimit(RLIMIT_NOFILE, &more) == 0)
		return n;
	l.rlim_cur = l.rlim_max;
	setrlimit(RLIMIT_NOFILE, &l);
	return more.rlim_cur <= l.rlim_max ? n : (l.rlim_max - SPARE_FDS) / FILES_EACH;
}

struct files *files_new(const struct own_cgroups *o, char *const *paths, size_t n)
{
	struct files *f = mem_new(struct files);

	f->n = n;
	f->kept = most_kept(n);
	f->legacy = o->at.mount[PLIMSOLL_MEMORY][0] != '\0';
	f->path = mem_array(NULL, n * FILES_EACH, sizeof(*f->path));
	f->fd = mem_array(NULL, n * FILES_EACH, sizeof(*f->fd));
	for (size_t at = 0; at < n * FILES_EACH; at++) {
		f->path[at] = path_of(o, paths[at / FILES_EACH], (int)(at % FILES_EACH));
		f->fd[at] = -1;
	}
	return f;
}

struct files *files_free(struct files *f)
{
	for (size_t at = 0; at < f->n * FILES_EACH; at++) {
		if (f->fd[at] >= 0)
			close(f->fd[at]);
		free(f->path[at]);
	}
	free(f->path);
	free(f->fd);
	free(f);
	return NULL;
}
