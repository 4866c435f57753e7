#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# notices.sh: every notice that warns stands in docs/troubleshooting.md by its id, and nothing stands there as one
# that no daemon says.
set -u
cd "$(dirname "$0")/.." || exit 1
page=docs/troubleshooting.md bad=0

# Ids of kinds of loss, and of what machine.c, probe.c, delays.c, account.c and the aggregator say.
said() {
    sed -nE 's/^LOSS\([A-Z_]+, [a-z_]+, ([a-z]+),.*/\1/p' include/plimsoll/losses.def
    sed -nE 's/.*add\(l, "([a-z-]+)".*/\1/p' agent/probe/machine.c aggregator/ready.c
    sed -nE 's/.*\.id = "([a-z-]+)".*/\1/p' agent/*.c agent/probe/*.c
    sed -nE 's/^\t\[NAMES_[A-Z]+\] = \{"([a-z]+)",.*/\1/p' agent/names/names.c
    sed -nE 's/^\t\.name = "([a-z]+)",$/\1/p' agent/probe/*.c
}

# First cells of the tables below "## Notices" and "## What is lost": `id`, `id` …
told() {
    sed -nE '/^## (Notices|What is lost)/,/^## (plimsoll|\.)/{s/^\| ((`[a-z-]+`(, )?)+) \|.*/\1/p}' "$page" |
        grep -oE '[a-z-]+'
}

while read -r side id; do
    echo "docs: the notice $id is only in the $side"
    bad=1
done < <(diff <(said | sort -u) <(told | sort -u) | sed -nE 's/^< /sources /p; s/^> /page /p')
[ "$(said | sort -u | wc -l)" -gt 20 ] || { echo "docs: notices are not found in the sources"; bad=1; }
exit $bad
