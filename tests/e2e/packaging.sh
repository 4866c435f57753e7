#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# packaging.sh BIN: what `cmake --install` puts on a machine, below a root of its own: programs that run, units
# that systemd takes and finds well confined, the users and the directory that they need.
set -euo pipefail
bin=$(readlink -f "$1")
source=$(readlink -f "$(dirname "$0")/../..")
units="plimsoll-agent plimsoll-aggregator"
EXPOSURE=25 # of 100, systemd's own mark; without any confinement it is 96

fail() {
    echo "packaging: $*" >&2
    exit 1
}

for tool in systemd-analyze systemd-sysusers systemd-tmpfiles; do
    command -v "$tool" >/dev/null || { echo "SKIP: no $tool (Debian package systemd)"; exit 77; }
done
root=$(mktemp -d /tmp/plimsoll-packaging.XXXXXX)
trap 'rm -rf "$root"' EXIT

DESTDIR=$root cmake --install "$(dirname "$bin")" --prefix /usr >"$root/log" || fail "$(cat "$root/log")"
for program in plimsoll-agent plimsoll-aggregator plimsoll; do
    "$root/usr/bin/$program" --version >"$root/log" || fail "$program does not run"
done
[ -s "$root/usr/share/man/man8/plimsoll-agent.8" ] || fail "no man page"
echo "ok programs run from where they are installed"

# systemd looks programs up on this machine, where they are not installed.
mkdir "$root/units"
for unit in $units; do
    file=$root/usr/lib/systemd/system/$unit.service
    grep -q "^ExecStart=$unit\$" "$file" || fail "$unit.service starts something else"
    sed "s|^ExecStart=|&$bin/|" "$file" >"$root/units/$unit.service"
done
for unit in $units; do
    systemd-analyze --man=no verify "$root/units/$unit.service" >"$root/log" 2>&1 ||
        fail "$unit.service: $(cat "$root/log")"
    [ ! -s "$root/log" ] || fail "$unit.service: $(cat "$root/log")"
    systemd-analyze security --offline=true --threshold=$EXPOSURE --no-pager "$root/units/$unit.service" \
        >"$root/log" 2>&1 || fail "$unit.service is too open: $(tail -n 1 "$root/log")"
done
echo "ok systemd takes the units and finds them confined"

# As little as the agent needs to load, and nothing else: docs/design/privilege.md.
for key in AmbientCapabilities CapabilityBoundingSet; do
    grep -qx "$key=CAP_BPF CAP_PERFMON CAP_NET_ADMIN CAP_SETGID" "$root/units/plimsoll-agent.service" || fail "$key is another"
done
grep -qx 'CapabilityBoundingSet=' "$root/units/plimsoll-aggregator.service" || fail "the aggregator has capabilities"
echo "ok the units give no more than is needed"

mkdir -p "$root/etc"
for unit in $units; do
    systemd-sysusers --root="$root" "$root/usr/lib/sysusers.d/plimsoll.conf" >"$root/log" 2>&1 ||
        fail "$(cat "$root/log")"
    for key in User Group; do
        name=$(sed -n "s/^$key=//p" "$source/packaging/systemd/$unit.service")
        grep -q "^$name:" "$root/etc/passwd" || fail "$unit: nobody makes the user $name"
        grep -q "^$name:" "$root/etc/group" || fail "$unit: nobody makes the group $name"
    done
done
grep -q '^plimsoll:.*:plimsoll-aggregator$' "$root/etc/group" || fail "the aggregator is not in the agents' group"
systemd-tmpfiles --root="$root" --create "$root/usr/lib/tmpfiles.d/plimsoll.conf"
gid=$(sed -n 's/^plimsoll:[^:]*:\([0-9]*\):.*/\1/p' "$root/etc/group")
[ "$(stat -c '%a %u %g' "$root/run/plimsoll")" = "1775 0 $gid" ] || fail "/run/plimsoll: $(ls -ld "$root/run/plimsoll")"
echo "ok users and the directory of the sockets"
