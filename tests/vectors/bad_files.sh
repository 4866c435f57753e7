#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bad_files.sh PLIMSOLL-VECTORS: a file that is none says so and does not count as passed; a case that is
# wrong fails; the last line is always the sum.
set -u
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0

runner=$1

# expect CODE WORDS SUM FILE
expect() {
    local out code
    out=$("$runner" "$4" 2>&1)
    code=$?
    [ "$code" = "$1" ] && grep -qF -- "$2" <<<"$out" && [ "$(tail -n 1 <<<"$out")" = "$3" ] && return
    printf 'bad_files: code %s, said:\n%s\n  expected: code %s, "%s", last "%s"\n' \
        "$code" "$out" "$1" "$2" "$3"
    bad=1
}

# try CODE WORDS SUM TEXT
try() {
    printf '%s' "$4" >"$dir/case.json"
    expect "$1" "$2" "$3" "$dir/case.json"
}

none='0 passed, 0 failed'
good='{"name":"one","in":{"s":"1k"},"out":{"milli":1000000,"value":1000,"sign":1,"format":"DecimalSI","approxFloat64":1000,"canonical":"1k","string":"1k","exact":"1000"}}'
try 0 '1 passed' '1 passed, 0 failed' "{\"suite\":\"quantity\",\"cases\":[$good]}"
try 1 'milli: expected 7, got 1000000' '0 passed, 1 failed' "{\"suite\":\"quantity\",\"cases\":[${good/1000000/7}]}"
try 1 "'s': expected text" '0 passed, 1 failed' '{"suite":"quantity","cases":[{"name":"one","in":{"s":3},"out":{}}]}'
try 1 "'in or out': expected an object" '0 passed, 1 failed' '{"suite":"quantity","cases":[{}]}'
try 2 "no such suite 'nope'" "$none" '{"suite":"nope","cases":[1]}'
try 2 "its 'suite' is missing" "$none" '{"cases":[]}'
try 2 "its 'cases' are missing or none" "$none" '{"suite":"quantity","cases":[]}'
try 2 'no JSON' "$none" '{"suite"'
try 2 'no JSON' "$none" ''
gzip -c <<<"{\"suite\":\"quantity\",\"cases\":[$good]}" | head -c 60 >"$dir/short.gz"
expect 2 'it is cut short' "$none" "$dir/short.gz"
expect 2 'No such file' "$none" "$dir/missing"
exit $bad
