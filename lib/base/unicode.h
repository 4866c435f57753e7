/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8, strictly (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef BASE_UNICODE_H
#define BASE_UNICODE_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at `text` (NUL-terminated), its number in *ret_code; 0: not UTF-8, or the end. */
size_t unicode_next(const char *text, uint32_t *ret_code);

#endif
