/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/owner.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"

#define PID_LIMIT 4194304 /* the kernel's PID_MAX_LIMIT */

pid_t owner_pid(const char *name)
{
	size_t n = strlen(OWNER_PREFIX);
	char *end;

	if (strncmp(name, OWNER_PREFIX, n) != 0 || name[n] < '1' || name[n] > '9')
		return 0;
	long pid = strtol(name + n, &end, 10);
	return (*end == '\0' || *end == '-') && pid <= PID_LIMIT ? (pid_t)pid : 0;
}

/* The PID may have been given to another program since: only its name tells. */
static bool runs_demo(pid_t pid)
{
	char path[64], name[32] = "";

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	scoped(fclosep) FILE *f = fopen(path, "re");
	if (!f)
		return errno != ENOENT;
	return fgets(name, sizeof(name), f) && strncmp(name, "plimsoll-demo", 13) == 0;
}

bool owner_is_dead(const char *name)
{
	pid_t pid = owner_pid(name);

	return pid > 0 && ((kill(pid, 0) < 0 && errno == ESRCH) || !runs_demo(pid));
}
