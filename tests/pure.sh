#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# pure.sh ARCHIVE: decide/ is pure. What it calls outside itself must be in this list of functions that
# neither allocate, nor read a clock, nor do I/O, nor keep anything. Prints each other one and fails.
set -u
allowed='memcmp|memcpy|memmove|memset|strcmp|strcpy|strlen|strncmp|strchr|strtod|snprintf|vsnprintf'
allowed+='|hist_lower_ns|hist_upper_ns' # base/hist.h: arithmetic
allowed+='|ceil|floor|fmax|fmin|round|frexp|ldexp|log|exp2|fabs|nearbyint'
runtime='__(u?divti3|u?modti3|u?divmodti4|muloti4|stack_chk_fail|[a-z]+_chk|[at]san_.*|ubsan_.*|sanitizer_.*|sancov_.*)'
symbols=$(nm "$1") || exit 1
own=$(awk '$2 ~ /^[TtRrDdBbWV]$/ {print $3}' <<<"$symbols" | sort -u)
other=$(awk '$1 == "U" {print $2}' <<<"$symbols" | sort -u |
    grep -vxE "$allowed|$runtime|_GLOBAL_OFFSET_TABLE_" | grep -vxF "$own")
[ -n "$own" ] || { echo "pure: $1: no symbols in it"; exit 1; }
[ -z "$other" ] || { sed 's/^/pure: decide\/ calls /' <<<"$other"; exit 1; }
