/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of top: a row a workload, or a cgroup of an agent, and which of its columns the screen has room for. Pure,
 * as ctl/view.h.
 */
#ifndef CTL_VIEW_LIST_H
#define CTL_VIEW_LIST_H

#include "ctl/view.h"

bool view_list_hears_requests(const struct view *v); /* of one that is listed somebody does */
/* As many from v->first on as fit into `n` rows, and their titles. */
void view_list_draw(const struct view *v, struct buf *title, struct buf *rows, int n);

#endif
