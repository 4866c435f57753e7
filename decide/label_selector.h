/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A label selector as text ("app=web,tier in (a, b),!old"): whether it can be read, in the words of
 * Kubernetes 1.36 when it cannot (apimachinery pkg/labels/selector.go, Parse). Which characters keys and
 * values are made of is not checked.
 */
#ifndef DECIDE_LABEL_SELECTOR_H
#define DECIDE_LABEL_SELECTOR_H

#include <stdbool.h>
#include <stddef.h>

/* False: ret_error says why, cut to `size`. */
bool label_selector_check(const char *text, char *ret_error, size_t size);

#endif
