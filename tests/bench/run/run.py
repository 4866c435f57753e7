#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""bench-run [RUNS [SECONDS]] | steps [SECONDS] | quick: what both daemons take in `plimsoll-demo run`, as a Markdown
table with least, median and most of the runs, and how long its load steps took to a decision. A run begins with the
demo's start and ends with its JSON. The load steps up every 30 s, in turns of CPU and of slow requests; `steps` is one
run in which it does so every 16 s: 50 times in the 795 s that it takes if nobody says otherwise."""
import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import urllib.request

HERE = os.path.dirname(os.path.abspath(sys.argv[0]))
ROWS = (("agent CPU, % of a core", lambda r: r["agent"]["cpu_percent"]),
        ("agent memory, MiB resident", lambda r: r["agent"]["rss_bytes"] / 2**20),
        ("scheduler program, ns a switch", lambda r: r["agent"]["bpf_ns_per_switch"]),
        ("aggregator CPU, % of a core", lambda r: r["aggregator"]["cpu_percent"]),
        ("aggregator memory, MiB resident", lambda r: r["aggregator"]["rss_bytes"] / 2**20),
        ("cgroups", lambda r: r["agent"]["containers"]),
        ("decisions", lambda r: len(r["decisions"])))


def first_delays(run):
    """Of the decisions that follow a step up, the first each time: which step, and how many ms."""
    return [(d["step"], d["delay_ms"]) for d in run["decisions"] if d["first"]]


def told(which, delays):
    """The 99th percentile is the least that 99 % do not pass: of fewer than 100 steps, the most."""
    if not delays:
        return f"no step {which} was decided on"
    ordered = sorted(delays)
    p99 = ordered[-(-99 * len(ordered) // 100) - 1]
    return (f"load step {which} to first decision, {len(ordered)} steps: median {statistics.median(ordered):.0f} ms, 99th "
            f"percentile {p99:.0f} ms, most {ordered[-1]:.0f} ms")


def aggregator_cpu_seconds(port):
    """None when the aggregator is gone: the demo ends it soon after its last line."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
    except (OSError, http.client.HTTPException):
        return None
    return float(re.search(r"^plimsoll_aggregator_cpu_seconds_total (\S+)", text, re.M)[1])


def one(seconds, *more):
    demo = subprocess.Popen([os.path.join(HERE, "plimsoll-demo"), "run", "--seconds", str(seconds),
                             "--output", "json", *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    port = begin = end = None
    for line in demo.stderr:  # the aggregator is asked at every line the demo says, last of all near its end
        port = port or (re.search(r"127\.0\.0\.1:(\d+)/metrics", line) or [None, None])[1]
        if port and " load " in line:
            cpu = aggregator_cpu_seconds(port)
            if cpu is not None:
                end = (cpu, stamp(line))
                begin = begin or end
    out = demo.stdout.read()
    if demo.wait() != 0:
        sys.exit("bench-run: the demo failed; run build/bin/plimsoll-demo run to see why")
    if not begin:
        sys.exit("bench-run: the aggregator never told its CPU time; does the demo still print its /metrics address?")
    run = json.loads(out)
    span = (end[1] - begin[1]) % 86400
    run["aggregator"]["cpu_percent"] = 100 * (end[0] - begin[0]) / span if span else None
    return run


def stamp(line):
    hours, minutes, seconds = line[:8].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def main(arguments):
    more = ["--brisk"] if arguments[:1] == ["steps"] else []
    if more:
        arguments = ["1", *(arguments[1:] or ["795"])]
    runs, seconds = (1, 16) if arguments == ["quick"] else \
        (int((arguments + ["3"])[0]), int((arguments + ["3", "60"])[1]))
    measured = []
    for n in range(runs):
        print(f"bench-run: run {n + 1} of {runs}, {seconds} s", file=sys.stderr, flush=True)
        measured.append(one(seconds, *more))
    print(f"{runs} runs of {seconds} s\n\n| | least | median | most |\n|---|---|---|---|")
    for name, of in ROWS:
        values = [v for v in map(of, measured) if v is not None]
        print(f"| {name} | " + " | ".join(f"{f(values):.4g}" if values else "not measured"
                                         for f in (min, statistics.median, max)) + " |")
    delays = [d for r in measured for d in first_delays(r)]
    print()
    for step, which in (("cpu", "of CPU"), ("slow", "of slow requests")):
        print(told(which, [ms for name, ms in delays if name == step]))
    bad = sum(r["aggregator"]["gaps"] + r["aggregator"]["refused"] for r in measured)
    print(f"\ngaps and refusals: {bad}")
    return bad != 0


sys.exit(main(sys.argv[1:]))
