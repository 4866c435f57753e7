/* SPDX-License-Identifier: Apache-2.0 */
/* plimsoll get recommendations: what VerticalPodAutoscalers recommend. */
#ifndef CTL_RECOMMENDATIONS_H
#define CTL_RECOMMENDATIONS_H

#include "ctl/command.h"

/* `watch`: again each minute, as it is learned. */
int recommendations_show(const struct session *s, char **names, size_t n, bool watch);

#endif
