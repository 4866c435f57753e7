/* SPDX-License-Identifier: Apache-2.0 */
/* describe: everything about one container or other cgroup, on one page. */
#ifndef CTL_DESCRIBE_H
#define CTL_DESCRIBE_H

#include "ctl/command.h"

int describe_run(const struct session *s);

#endif
