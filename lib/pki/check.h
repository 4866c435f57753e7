/* SPDX-License-Identifier: Apache-2.0 */
/* pki_check() with the clock as a parameter. */
#ifndef PKI_CHECK_H
#define PKI_CHECK_H

#include <stdint.h>
#include <time.h>

#include "base/err.h"

/* As pki_check(), at the time `now`. */
int check_at(time_t now, const char *cert, const char *key, const char *ca, int64_t *ret_days_left,
	     struct err *e);

#endif
