/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the sandbox: the system calls that are left (seccomp). syscalls.def has those that are allowed
 * whatever their arguments, with the reason for each; syscalls.c those that depend on them. Any other
 * returns EPERM: nothing is killed, so a library that tries a newer call falls back or reports.
 */
#ifndef AGENT_SANDBOX_SYSCALLS_H
#define AGENT_SANDBOX_SYSCALLS_H

#include <stdbool.h>

#include "base/err.h"

/* For this process and all its later threads, for good. *ret_on false: the kernel has no filters. */
int syscalls_limit(bool *ret_on, struct err *e);

#endif
