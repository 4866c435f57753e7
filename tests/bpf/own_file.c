/* SPDX-License-Identifier: Apache-2.0 */
#include "own_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/obj.h"

int own_file_hole(size_t bytes)
{
	char name[] = "/var/tmp/plimsoll-test-XXXXXX";
	int fd = mkstemp(name);

	must(fd >= 0 && unlink(name) == 0 && ftruncate(fd, (off_t)bytes) == 0);
	return fd;
}

int own_file(size_t bytes)
{
	static char chunk[OWN_FILE_MIB];
	int fd = own_file_hole(0);

	for (size_t i = 0; i < bytes / sizeof(chunk); i++)
		must(write(fd, chunk, sizeof(chunk)) == (ssize_t)sizeof(chunk));
	must(fsync(fd) == 0);
	return fd;
}

void own_file_forget(int fd)
{
	must(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0);
}

void own_file_walk(int fd)
{
	long page = sysconf(_SC_PAGESIZE);
	struct stat st;
	char byte;

	must(fstat(fd, &st) == 0 && posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM) == 0);
	for (off_t at = 0; at < st.st_size; at += page)
		must(pread(fd, &byte, 1, at) == 1);
}
