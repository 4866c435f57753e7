#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# names.sh BIN: `./dev bench` names the benchmarks that a build makes, and a name that is none (of `./dev fuzz`, too) is
# refused before anything is installed: there is nothing here to install with.
set -euo pipefail
bin=$1
dev=$(readlink -f "$(dirname "$0")/../../dev")
tools=$(mktemp -d /tmp/plimsoll-names.XXXXXX)
trap 'rm -rf "$tools"' EXIT

fail() {
    echo "names: $*" >&2
    exit 1
}

for tool in bash dirname readlink find sort sed grep paste id; do
    ln -s "$(command -v "$tool")" "$tools/$tool"
done
dev() { env -i PATH="$tools" "$tools/bash" "$dev" "$@"; }

built=$(find "$bin" -maxdepth 1 -name 'bench-*' -printf '%f\n' | sed 's/^bench-//' | sort)
[ "$(dev bench)" = "$built" ] || fail "./dev bench: $(dev bench), in $bin: $built"
for verb in bench fuzz; do
    said=$(dev $verb nonsense 2>&1) && fail "./dev $verb runs what is none: $said"
    [[ $said =~ ^"dev: no "[a-z\ ]+" 'nonsense'" ]] || fail "./dev $verb: $said"
done
echo "ok names are known before anything is installed"
