/* SPDX-License-Identifier: Apache-2.0 */
/* A file of a test's own on a disk. It has no name, so it goes with its last user. A failure ends the test. */
#ifndef TESTS_BPF_OWN_FILE_H
#define TESTS_BPF_OWN_FILE_H

#include <stddef.h>

#define OWN_FILE_MIB (1u << 20)

int own_file(size_t bytes); /* whole MiB, written to the disk; 0: empty */
int own_file_hole(size_t bytes); /* nothing of it is on the disk: its pages need memory alone */
void own_file_forget(int fd); /* its pages are on the disk alone */
void own_file_walk(int fd); /* reads a byte of every page; nothing is read ahead */

#endif
