/* SPDX-License-Identifier: Apache-2.0 */
/* What each key of top does, the brake among them. */
#ifndef CTL_LIVE_KEYS_H
#define CTL_LIVE_KEYS_H

#include "ctl/key.h"

void live_keys_press(struct key k, void *data); /* a struct live_state */

#endif
