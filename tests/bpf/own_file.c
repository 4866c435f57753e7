/* SPDX-License-Identifier: Apache-2.0 */
#include "own_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/obj.h"

int own_file(size_t bytes)
{
	static char chunk[OWN_FILE_MIB];
	char name[] = "/var/tmp/plimsoll-test-XXXXXX";
	int fd = mkstemp(name);

	must(fd >= 0);
	unlink(name);
	for (size_t i = 0; i < bytes / sizeof(chunk); i++)
		must(write(fd, chunk, sizeof(chunk)) == (ssize_t)sizeof(chunk));
	must(fsync(fd) == 0);
	return fd;
}

void own_file_forget(int fd)
{
	must(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0);
}
