/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/statedir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/scope.h"

#define PROBE_BYTES 4096 /* a page: less may fit in a full file system's last block */

static int unusable(const char *path, int code, struct err *e)
{
	err_set(e, code, "cannot keep state in %s", path);
	if (code == -ENOSPC || code == -EDQUOT)
		return err_fix(e, "make room there, or choose another directory with --state-dir");
	return err_fix(e, "make it writable for this user, or choose another with --state-dir");
}

int statedir_make(const char *path, unsigned mode, struct err *e)
{
	char at[PATH_MAX];
	size_t n = strlen(path);
	struct stat st;

	if (!n || n >= sizeof(at))
		return unusable(path, -EINVAL, e);
	memcpy(at, path, n + 1);
	for (char *slash = strchr(at + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(at, 0755) < 0 && errno != EEXIST)
			return unusable(path, -errno, e);
		*slash = '/';
	}
	if (mkdir(at, mode) < 0 && errno != EEXIST)
		return unusable(path, -errno, e);
	if (stat(at, &st) < 0)
		return unusable(path, -errno, e);
	return S_ISDIR(st.st_mode) ? 0 : unusable(path, -ENOTDIR, e);
}

static int write_probe(const char *file)
{
	static const char page[PROBE_BYTES];
	scoped(closep) int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, page, sizeof(page));
	if (n < 0)
		return -errno;
	return n == sizeof(page) ? 0 : -ENOSPC;
}

int statedir_probe(const char *path, struct err *e)
{
	char file[PATH_MAX];
	int r;

	if (snprintf(file, sizeof(file), "%s/.probe", path) >= (int)sizeof(file))
		return unusable(path, -ENAMETOOLONG, e);
	r = write_probe(file);
	unlink(file);
	return r < 0 ? unusable(path, r, e) : 0;
}
