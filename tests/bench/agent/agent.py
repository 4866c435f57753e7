#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""bench-agent [SLICES [SECONDS]] | quick: CPU time and memory of the agent at 10, 110 and 1,000 containers, with a
mutual-TLS stream to a real aggregator, and of what else Debian has, all of them running at the same time."""
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import peers  # noqa: E402

CONTAINERS = (10, 110, 1000)
SETTLE_S = 20  # certificates, births, netdata's discovery of cgroups every 10 s
SLICES, SECONDS = 5, 30


class Streaming(peers.Agent):
    def __init__(self, directory, aggregator):
        super().__init__(directory)
        tls = os.path.join(directory, "tls")
        aggregator.tls = tls
        self.options = ("--aggregator", f"127.0.0.1:{peers.PORT}", "--tls-dir", tls, "--server-name", "localhost")


class Sleepers:
    def __init__(self, n):
        self.process = subprocess.Popen([os.path.join(peers.BIN, "..", "tests", "bench-sleepers"), str(n)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        if self.process.stdout.readline() != b"ready\n":
            sys.exit("bench-agent: the containers could not be made")

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def slices_of(sides, slices, seconds):
    """{side: [(share of a core, resident, anonymous)]} of the same slices of time."""
    got = {side.name: [] for side in sides}
    for _ in range(slices):
        before, began = [side.cpu_s() for side in sides], time.monotonic()
        time.sleep(seconds)
        elapsed = time.monotonic() - began
        for side, cpu in zip(sides, before):
            got[side.name].append(((side.cpu_s() - cpu) / elapsed, *side.memory()))
    return got


def print_row(n, side, got, extra):
    share = peers.spread((100 * g[0] for g in got))
    resident, anonymous = (peers.spread((g[i] / 2**20 for g in got), "{:.1f}") for i in (1, 2))
    print(f"| {n} | {side.name} | {share} | {resident} | {anonymous} | {extra} |", flush=True)


def kernel_words(agent):
    c = agent.counters()
    if not c["agent_stream_connected"]:
        sys.exit("bench-agent: the agent has no stream to the aggregator")
    return (f"{c['agent_rows']:.0f} rows, programs {100 * c['agent_kernel_share']:.3f} %, "
            f"maps {c['agent_bpf_map_bytes'] / 2**20:.1f} MiB, tick {c['agent_tick_seconds'] * 1e3:.2f} ms, "
            f"batch {c['agent_batch_bytes']:.0f} B")


def at(n, slices, seconds, settle):
    directory = peers.directory()
    aggregator = peers.Aggregator(directory)
    agent = Streaming(directory, aggregator)
    sides = peers.those_there([aggregator, agent, peers.Exporter(directory), peers.Netdata(directory)])
    sleepers = Sleepers(n)
    try:
        for side in sides:
            side.start()
        time.sleep(settle)
        got = slices_of(sides, slices, seconds)
        for side in sides:
            print_row(n, side, got[side.name], kernel_words(agent) if side is agent else "")
    finally:
        for side in reversed(sides):
            side.stop()
        sleepers.end()
        shutil.rmtree(directory, ignore_errors=True)


def main(arguments):
    quick = arguments == ["quick"]
    slices, seconds = (1, 2) if quick else (int((arguments + [SLICES])[0]), int((arguments + [SLICES, SECONDS])[1]))
    print(f"{slices} slices of {seconds} s, the same for all: median (least–most).\n\n"
          "| containers | side | CPU, % of a core | resident MiB | anonymous MiB | |\n|---|---|---|---|---|---|")
    for n in CONTAINERS[:1] if quick else CONTAINERS:
        at(n, slices, seconds, 2 if quick else SETTLE_S)


main(sys.argv[1:])
