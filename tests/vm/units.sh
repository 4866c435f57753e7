#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=dash
# A unit of the guest of tests/vm/units.py, in which systemd runs: installs the services as docs/getting-started.md says
# and looks at what becomes of them. Lines that begin with "vm:" are for tests/vm/machine.py.
export PLIMSOLL_COLOR=never SYSTEMD_COLORS=0 SYSTEMD_URLIFY=0 SYSTEMD_PAGER=
WAIT=60 # seconds for what takes one to five, emulated
SOCKETS=/run/plimsoll

# until_true COMMAND...: what it said last, when it does not come true.
until_true() {
    local end
    end=$(($(date +%s) + WAIT))
    until "$@" >/tmp/said 2>&1; do
        [ "$(date +%s)" -lt $end ] || { echo "not within $WAIT s: $*"; cat /tmp/said; return 1; }
        sleep 1
    done
}

is() { # UNIT PROPERTY VALUE
    local value
    value=$(systemctl show -P "$2" "$1")
    [ "$value" = "$3" ] || { echo "$1: $2 is $value, not $3"; return 1; }
}

pid_of() { systemctl show -P MainPID "$1"; }

one_node() { # DAEMON: who reads there sees this machine, once
    plimsoll get nodes -s "unix:$SOCKETS/$1.sock" -o name >/tmp/nodes || return 1
    cat /tmp/nodes
    [ "$(wc -l </tmp/nodes)" = 1 ]
}

row() { # PATH LEAST: the aggregator has the row, a unit's, which uses so much of a CPU
    plimsoll get cgroups -s "unix:$SOCKETS/aggregator.sock" --no-headers >/tmp/rows || return 1
    cat /tmp/rows
    awk -v path="$1" -v least="$2" '$1 == path && $2 == "unit" && $3 ~ /^[0-9]/ && $3 >= least { n++ }
        END { exit n != 1 }' /tmp/rows
}

# measures NAME: what starts now is measured, so the aggregator hears this agent.
measures() {
    systemd-run --quiet --unit="$1" -p CPUQuota=20% sh -c 'while :; do :; done'
    until_true row "/system.slice/$1.service" 0.1
    systemctl stop "$1"
    until_true one_node agent
    until_true one_node aggregator
}

starts() {
    systemd-sysusers
    systemd-tmpfiles --create /usr/lib/tmpfiles.d/plimsoll.conf
    mkdir -p /etc/plimsoll/policies
    echo 'aggregator: unix:/run/plimsoll/ingest.sock' >/etc/plimsoll/agent.yaml
    echo 'policy: [/etc/plimsoll/policies]' >/etc/plimsoll/aggregator.yaml
    systemctl enable --now plimsoll-aggregator plimsoll-agent
    until_true one_node aggregator
    for unit in plimsoll-aggregator plimsoll-agent; do
        is $unit ActiveState active
        is $unit NRestarts 0
    done
    until_true row /system.slice/plimsoll-agent.service 0
    measures first
}

# confined UNIT BOUNDING: by the kernel's word of each thread.
confined() {
    local uid
    uid=$(id -u "$(systemctl show -P User "$1")")
    [ "$uid" != 0 ]
    cat "/proc/$(pid_of "$1")"/task/*/status >/tmp/status
    awk -v uid="$uid" -v bounding="$2" '
        function want(ok) { n[$1]++; if (!ok) { print; wrong = 1 } }
        /^Uid:/ { want($2 == uid && $3 == uid && $4 == uid && $5 == uid) }
        /^Cap(Inh|Prm|Eff|Amb):/ { want($2 ~ /^0+$/) }
        /^CapBnd:/ { want($2 == bounding) }
        /^NoNewPrivs:/ { want($2 == 1) }
        /^Seccomp:/ { want($2 == 2) }
        END { exit wrong || !n["Uid:"] || n["CapEff:"] != n["Uid:"] || n["Seccomp:"] != n["Uid:"] }' /tmp/status
}

is_confined() {
    confined plimsoll-aggregator 0000000000000000
    confined plimsoll-agent 000000c000001040 # CAP_SETGID, CAP_NET_ADMIN, CAP_PERFMON, CAP_BPF: nobody can gain them
}

decided() { # the first decision, and how it went
    plimsoll decisions --no-headers >/tmp/decisions || return 1
    cat /tmp/decisions
    grep -q '^d-1 ' /tmp/decisions
}

# A policy that is new, and its hook, which runs inside the unit's limits.
acts() {
    cat >/etc/plimsoll/policies/replicas.yaml <<-END
	apiVersion: plimsoll.io/v1alpha1
	kind: ScalingPolicy
	metadata: {name: replicas}
	spec:
	  mode: Enforce
	  target: {cgroup: "/system.slice/replica-*.service", cpuRequest: 250m}
	  minReplicas: 2
	  maxReplicas: 2
	  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}]
	  windowSeconds: 3
	  actuator: {exec: {command: [/bin/sh, -c, "cat >/var/lib/plimsoll/asked"], timeoutSeconds: 60}}
	END
    systemctl reload plimsoll-aggregator
    systemd-run --quiet --unit=replica-1 sh -c 'while sleep 0.1; do :; done'
    until_true decided
    grep -q '^d-1 .*applied' /tmp/decisions
    grep '"to":2' /var/lib/plimsoll/asked
    systemctl stop replica-1
}

# systemd gives 1024 descriptors and lets programs take more; an agent is a descriptor.
has_descriptors() {
    awk '/^Max open files/ { print; exit $4 != $5 || $4 <= 1024 }' "/proc/$(pid_of plimsoll-aggregator)/limits"
}

restarts() {
    local unit before
    for unit in plimsoll-agent plimsoll-aggregator; do
        before=$(pid_of $unit)
        systemctl restart $unit
        [ "$(pid_of $unit)" != "$before" ]
        measures after-restart-of-$unit
        is $unit NRestarts 0
    done
}

is_new() { # UNIT PID
    is "$1" ActiveState active && [ "$(pid_of "$1")" != "$2" ]
}

outlives_kill() {
    local unit before
    for unit in plimsoll-agent plimsoll-aggregator; do
        before=$(pid_of $unit)
        kill -9 "$before"
        until_true is_new $unit "$before"
        measures after-kill-of-$unit
        is $unit NRestarts 1
    done
}

wrong_options_end_it() {
    local name unit
    for name in agent aggregator; do
        unit=plimsoll-$name
        cp /etc/plimsoll/$name.yaml /tmp
        echo 'log-level: loud' >>/etc/plimsoll/$name.yaml
        systemctl restart $unit
        until_true is $unit ActiveState failed
        is $unit ExecMainStatus 2
        sleep 4 # twice RestartSec
        is $unit ActiveState failed
        is $unit NRestarts 0
        cp /tmp/$name.yaml /etc/plimsoll
        systemctl start $unit
        until_true one_node $name
    done
}

stops() {
    local name unit
    for name in agent aggregator; do
        unit=plimsoll-$name
        systemctl stop $unit
        is $unit ActiveState inactive
        is $unit Result success # and not timeout: it ended by itself, within TimeoutStopSec
        is $unit ExecMainStatus 0
        [ ! -e $SOCKETS/$name.sock ]
    done
    [ ! -e $SOCKETS/ingest.sock ]
}

check() {
    echo "vm: begin $1"
    (set -e; "$1") 2>&1
    status=$?
    [ "$status" = 0 ] || journalctl -q -o short-monotonic -n 25 -u plimsoll-agent -u plimsoll-aggregator
    echo "vm: end $1 $status"
}

echo "vm: kernel $(uname -r)"
for name in starts is_confined has_descriptors acts restarts outlives_kill wrong_options_end_it stops; do
    check $name
    [ "$status" = 0 ] || break # what follows begins where this ends
done
echo "vm: done"
poweroff -f
