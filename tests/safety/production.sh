#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# production.sh TEST FILE...: a guard can be taken away in TEST, and in none of what is installed.
set -u
has() { nm "$1" 2>/dev/null | grep -qE ' guard_off$'; }
test=$1 bad=0
shift
has "$test" || { echo "production: $test has no guard_off: this test looks for the wrong thing"; bad=1; }
for file in "$@"; do
    [ -s "$file" ] || { echo "production: $file is missing"; bad=1; }
    has "$file" && { echo "production: $file can be told to leave out a guard"; bad=1; }
done
exit $bad
