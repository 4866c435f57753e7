#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test.sh TOOL OPTIONS.md METRICS.md MAN [PROGRAM]: the tables are sound, the pages exist, the man page
# is good roff, and --help of the program itself names every option of the reference.
set -u
tool=$1 options=$2 metrics=$3 man=$4 program=${5:-} bad=0

complain() {
    echo "docs: $*"
    bad=1
}

"$tool" lint || complain "$tool lint: see above"
for page in "$options" "$metrics" "$man"; do
    [ -s "$page" ] || complain "$page is empty or missing"
done
flags=$(sed -nE 's,^\| .(--[a-z0-9-]+).*,\1,p' "$options")
[ -n "$flags" ] || complain "$options has no options"
for flag in $flags; do
    grep -qF -- "${flag//-/\\-}" "$man" || complain "$man does not name $flag"
done
if command -v groff > /dev/null; then
    warnings=$(groff -man -ww -Tutf8 "$man" 2>&1 > /dev/null)
    [ -z "$warnings" ] || complain "$man: $warnings"
fi
if [ -n "$program" ]; then
    help=$("$program" --help) || complain "$program --help fails"
    for flag in $flags; do
        grep -qE -- "--(\[no-\])?${flag#--}( |$)" <<< "$help" || complain "--help of $program lacks $flag"
    done
fi
exit $bad
