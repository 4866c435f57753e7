/* SPDX-License-Identifier: Apache-2.0 */
/* plimsoll completion: scripts for shells, made from the command and option tables. */
#ifndef CTL_COMPLETION_H
#define CTL_COMPLETION_H

#include "base/buf.h"
#include "ctl/command.h"

int completion_run(const struct session *s);
/* 0, or -EINVAL for a shell that is none of bash, zsh, fish. */
int completion_write(const char *shell, struct buf *to);

#endif
