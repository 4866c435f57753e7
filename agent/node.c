/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/node.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/scope.h"

#define HEAD 1024 /* everything asked for stands in the first kilobyte of its file */

static bool read_head(const char *proc, const char *name, char *ret_text)
{
	char path[PATH_MAX];
	int fd scoped(closep) = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", proc, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, ret_text, HEAD - 1);
	ret_text[n < 0 ? 0 : n] = '\0';
	return n > 0;
}

/* The number after the first `label`. */
static bool number_after(const char *text, const char *label, uint64_t *ret)
{
	const char *at = strstr(text, label);
	char *end;

	if (!at)
		return false;
	at += strlen(label);
	*ret = strtoull(at, &end, 10);
	return end != at;
}

static bool idle(const char *proc, uint64_t *ret_ns)
{
	char text[HEAD];
	uint64_t user, nice_, system, idle_ticks, iowait;

	if (!read_head(proc, "stat", text) ||
	    sscanf(text, "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, &user,
		   &nice_, &system, &idle_ticks, &iowait) != 5)
		return false;
	*ret_ns = (idle_ticks + iowait) * (CLOCK_NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
	return true;
}

static bool pressure(const char *proc, const char *name, uint64_t *ret_ns)
{
	char text[HEAD];
	uint64_t us;

	if (!read_head(proc, name, text) || strncmp(text, "some ", 5) != 0 ||
	    !number_after(text, "total=", &us))
		return false;
	*ret_ns = us * CLOCK_NS_PER_US;
	return true;
}

static bool memory(const char *proc, const char *label, uint64_t *ret_bytes)
{
	char text[HEAD];
	uint64_t kib;

	if (!read_head(proc, "meminfo", text) || !number_after(text, label, &kib))
		return false;
	*ret_bytes = kib * 1024;
	return true;
}

static uint32_t online(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return cpus > 0 ? (uint32_t)cpus : 0;
}

void node_read(const char *proc, struct node_reading *ret)
{
	*ret = (struct node_reading){.cpus = online()};
	if (!idle(proc, &ret->cpu_idle_ns))
		ret->missing |= NODE_NO_IDLE;
	if (!pressure(proc, "pressure/cpu", &ret->psi_cpu_some_ns))
		ret->missing |= NODE_NO_PSI_CPU;
	if (!pressure(proc, "pressure/memory", &ret->psi_memory_some_ns))
		ret->missing |= NODE_NO_PSI_MEMORY;
	if (!pressure(proc, "pressure/io", &ret->psi_io_some_ns))
		ret->missing |= NODE_NO_PSI_IO;
	if (!memory(proc, "MemAvailable:", &ret->memory_available_bytes))
		ret->missing |= NODE_NO_AVAILABLE;
}

uint64_t node_add_sleep(struct node_sleep *s, uint64_t suspended_ns, struct node_reading *n)
{
	uint64_t slept = 0;

	if (s->known && suspended_ns >= s->suspended_ns + NODE_SLEEP_LEAST_NS)
		slept = suspended_ns - s->suspended_ns;
	if (!s->known || slept)
		s->suspended_ns = suspended_ns;
	s->known = true;
	s->idle_ns += slept * n->cpus;
	n->cpu_idle_ns += s->idle_ns;
	return slept;
}

void node_describe(const char *proc, struct node_facts *ret)
{
	char text[HEAD];

	*ret = (struct node_facts){0};
	if (read_head(proc, "sys/kernel/random/boot_id", text))
		snprintf(ret->boot_id, sizeof(ret->boot_id), "%.36s", text);
	ret->boot_id[strcspn(ret->boot_id, "\n")] = '\0';
	(void)memory(proc, "MemTotal:", &ret->memory_bytes);
}
