/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as people read them, each in one short word without spaces. They come back by value:
 * figure_bytes(n).text is good to the end of the expression. Pure.
 */
#ifndef CTL_FIGURE_H
#define CTL_FIGURE_H

#include <stdint.h>

#define FIGURE_NONE "–" /* nothing was measured */

struct figure {
	char text[24];
};

struct figure figure_none(void);
struct figure figure_cores(double cores);     /* 0.25, 3.40, 12.5, 128 */
struct figure figure_bytes(double bytes);     /* 512B, 1.2Gi, 128Mi */
struct figure figure_share(double share);     /* 0 … 1: 0%, 0.4%, 85% */
struct figure figure_duration(uint64_t ns);   /* 850ns, 120us, 12ms, 0.4s, 42s, 5m12s, 3h05m, 2d4h; UINT64_MAX (never): none */
struct figure figure_age(uint64_t ns);        /* as a duration, but nothing finer than 0.1s */
struct figure figure_count(double n);         /* 0, 410, 1.8k, 12M */
struct figure figure_rate(double n);          /* a second: as a count, but 0.4, 3.5, and <0.1 is not 0 */
struct figure figure_clock(uint64_t unix_ns); /* local time: 17:02:11 */

#endif
