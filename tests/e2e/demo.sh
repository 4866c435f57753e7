#!/usr/bin/env bash
# demo.sh BIN: the whole chain on this machine. A load step must be measured, decided and acted upon,
# up and down, by CPU and by latency, without a gap; and however the demo ends, nothing may be left.
set -euo pipefail
bin=$(readlink -f "$1")
seconds=${DEMO_SECONDS:-57} # CPU from 12 to 26 s, down again 8 s after that, slow from 44.6 to 53.6 s
temp=$(mktemp -d)
chmod 711 "$temp" # the agent leaves root
export TMPDIR=$temp # its directories are then easily told from those of another demo
demo=0 # the demo's PID while one runs

finish() {
    if [ "$demo" != 0 ]; then kill -TERM "$demo" 2>/dev/null || true; wait "$demo" 2>/dev/null || true; fi
    rm -rf "$temp"
}
trap finish EXIT

fail() {
    echo "demo.sh: $*" >&2
    tail -n 40 "$temp/err" >&2 || true
    exit 1
}

[ "$(id -u)" = 0 ] || { echo "SKIP: the demo needs root"; exit 77; }

start() { # start ARGUMENT...: sets $demo
    : >"$temp/err" # here, not in the job: or what the run before said may be read once more
    # Job control gives the demo back its SIGINT, which a background command otherwise ignores.
    set -m
    "$bin/plimsoll-demo" run --output json "$@" >"$temp/out" 2>"$temp/err" </dev/null &
    demo=$!
    set +m
}

await() { # await SECONDS WHAT COMMAND...
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do
        [ $SECONDS -lt $end ] || fail "waited too long for $what"
        sleep 0.1
    done
}

loaded() { grep -q ' load ' "$temp/err"; }
children() { ps -o pid= --ppid "$demo"; }
all_gone() { # all_gone PID...
    local pid
    for pid in "$@"; do
        if kill -0 "$pid" 2>/dev/null; then return 1; fi
    done
}

cgroups_of() { # directories of demo PID in any hierarchy
    awk '/ - cgroup/ { print $5 }' /proc/self/mountinfo |
        while read -r mount; do find "$mount" -maxdepth 1 -name "plimsoll-demo-$1"; done
}

things() { # what a demo could leave outside its cgroups and processes
    find "$temp" -maxdepth 1 -name 'plimsoll-*'
    find /sys/fs/bpf -name '*plimsoll*' 2>/dev/null || true
    sed -nE 's/.*  (agent|aggregator) +(\/[^ ,]*).*/\2/p' "$temp/err" |
        while read -r socket; do [ ! -e "$socket" ] || echo "$socket"; done
}

expect_clean() { # expect_clean PID CHILD...
    local pid=$1
    shift
    all_gone "$@" || fail "processes are left: $(ps -o pid,args= -p "$(echo "$@" | tr ' ' ,)")"
    [ -z "$(cgroups_of "$pid")" ] || fail "cgroups are left: $(cgroups_of "$pid")"
    [ -z "$(things)" ] || fail "left: $(things)"
}

# --- a whole cycle -----------------------------------------------------------------------------------
start --seconds "$seconds"
await 40 "the load" loaded
mapfile -t kids < <(children)
pid=$demo
wait "$demo" || fail "the demo failed"
demo=0
expect_clean "$pid" "${kids[@]}"
python3 - "$temp/out" "$seconds" <<'PYTHON' || fail "see above"
import json, sys
text = open(sys.argv[1]).read()
run = json.loads(text)
print(text, end="")
assert text.count("\n") == 1, "stdout holds more than one line"
ups = [d for d in run["decisions"] if d["to"] > d["from"]]
downs = [d for d in run["decisions"] if d["to"] < d["from"]]
assert ups and downs, "no scale-up or no scale-down"
assert all(d["workload"] == "demo" for d in run["decisions"])
assert any(d["delay_ms"] is not None for d in ups), "no delay was measured"
assert any(d["first"] for d in ups), "no step was decided on"
assert all((d["step"] is None) == (d["delay_ms"] is None) for d in run["decisions"]), "a delay since no step"
# Where the machine is so busy that even small requests wait, that may be so before the slow step, too.
assert any(d["trigger"].startswith("p95 ") for d in ups), "no decision was for latency"
assert run["latency"]["p95_ms_most"] > 200, "requests never took longer than their target"
fleet = run["replicas"]["demo"]
assert fleet["min"] == 1 and 2 <= fleet["max"] <= 5, fleet
assert run["seconds"] >= int(sys.argv[2])
aggregator, agent = run["aggregator"], run["agent"]
assert aggregator["gaps"] == 0 and aggregator["refused"] == 0, aggregator
assert aggregator["agents"] == 1 and aggregator["batches"] > 10 and aggregator["rows"] > 0, aggregator
assert agent["containers"] > 0 and agent["samples"] > 0 and agent["rss_bytes"] > 0, agent
assert agent["cpu_percent"] is not None, agent
PYTHON

# --- Ctrl-C in the middle ----------------------------------------------------------------------------
start
await 40 "the load" loaded
mapfile -t kids < <(children)
pid=$demo
kill -INT "$demo"
wait "$demo" || fail "Ctrl-C is a failure"
demo=0
expect_clean "$pid" "${kids[@]}"
python3 -c 'import json, sys; json.load(sys.stdin)' <"$temp/out" || fail "no JSON after Ctrl-C"

# --- kill -9, and the next start ---------------------------------------------------------------------
kill_one() { # sets $pid and $kids
    start
    await 40 "the load" loaded
    mapfile -t kids < <(children)
    pid=$demo
    kill -KILL "$demo"
    wait "$demo" 2>/dev/null || true
    demo=0
    await 20 "the children of a killed demo to die" all_gone "${kids[@]}"
}
# Another demo that somebody starts at this moment may sweep it away: then once more.
for _ in 1 2 3; do
    kill_one
    [ -z "$(cgroups_of "$pid")" ] || break
done
[ -n "$(cgroups_of "$pid")" ] || fail "nothing was left by kill -9: this test tests nothing"
start --seconds 1
await 40 "the load" loaded
grep -q 'removed what a killed run had left' "$temp/err" || fail "nothing was swept"
mapfile -t kids < <(children)
wait "$demo" || fail "the demo failed after a killed one"
demo=0
expect_clean "$pid" "${kids[@]}"
echo "demo.sh: all well"
