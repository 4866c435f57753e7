#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""bench-soak [SECONDS]: the agent at 10 Hz while containers come and go, singly and in waves, somebody watches
and others ask: as many samples in 10 minutes as in 100 at its usual pace. Fails when what it holds grows: memory beyond
its spool, files, threads. A day's worth of seconds is 8,640 s of this; what leaks a row, a second or a container shows
long before, and what a wave took and was not given back shows after it. The kernel's arrays are told apart: they are mapped as
far as they were in use once, and bounded."""
import os
import secrets
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "wire"))
from loads import PATIENCE, Load, hierarchies, remove, until  # noqa: E402
from own_agent import Agent  # noqa: E402

BIN = os.path.dirname(os.path.abspath(sys.argv[0]))
TOP = f"/plimsoll-e2e-{os.getpid()}"
SECONDS = 600
WARM_PART = 1 / 3  # of the time, before which growth is no leak
AT_ONCE, PAUSE_S = 4, 0.05  # containers that come and go: some 20 a second
RESIDENTS = 20
WAVE = 1500  # containers that come at once and go at once, below the agent's --max-cgroups, 2048 at least
WAVES = 4
# The allocator's: pages that were never touched before, and what it keeps of a peak; and what the agent remembers of the
# last 4,096 containers that ran, a third of a KiB each.
MARGIN_BYTES = (1 << 20) + 4096 * 360
ROW_BYTES = 8 << 10  # of a row that is there, when others make some on this machine meanwhile
SPARE_THREADS = os.cpu_count()  # by which gRPC core's pool grows when the machine is full
SMOOTH = 5  # samples that a figure is the median of
WORK = 'echo $$ | tee {} >/dev/null; i=0; while [ $i -lt 1000 ]; do i=$((i+1)); done'


def end_early(*_):
    sys.exit("bench-soak: ended early")


class Visitor:
    """A container that works for some milliseconds and is gone."""

    def __init__(self):
        self.dirs = [f"{root}{TOP}/docker-{secrets.token_hex(32)}.scope" for root in hierarchies()]
        for path in self.dirs:
            os.mkdir(path)
        procs = " ".join(f"{path}/cgroup.procs" for path in self.dirs)
        self.process = subprocess.Popen(["sh", "-c", WORK.format(procs)])

    def end(self):
        self.process.wait()
        for path in self.dirs:
            until("an empty cgroup", lambda p=path: remove(p))


class Visitors(threading.Thread):
    def __init__(self):
        super().__init__()
        self.stopping, self.count = threading.Event(), 0

    def run(self):
        there = []
        while not self.stopping.wait(PAUSE_S):
            there.append(Visitor())
            self.count += 1
            if len(there) > AT_ONCE:
                there.pop(0).end()
        for visitor in there:
            visitor.end()

    def stop(self):
        self.stopping.set()
        self.join()


def wave(agent):
    """Comes, is seen by the agent, and goes."""
    names, roots = [f"docker-{secrets.token_hex(32)}.scope" for _ in range(WAVE)], hierarchies()
    dirs = [f"{root}{TOP}/{name}" for name in names for root in roots]
    try:
        for path in dirs:
            os.mkdir(path)
        until("the wave is seen", lambda: held(agent)["rows"] >= WAVE)
    finally:
        for path in dirs:
            remove(path)
    until("the wave is gone", lambda: held(agent)["rows"] < WAVE)


class Watcher(threading.Thread):
    """Reads everything, and misses no second."""

    def __init__(self, agent):
        super().__init__()
        call = agent.client.call("/plimsoll.v1.Metrics/Watch", "unary_stream", agent.client.query, agent.client.batch)
        self.stream, self.seconds, self.missed, self.stopping = call(agent.client.query()), 0, 0, False

    def run(self):
        last = 0
        try:
            for batch in self.stream:
                if batch.sequence:
                    self.missed += last and batch.sequence - last - 1
                    self.seconds += 1
                    last = batch.sequence
        except Exception as error:  # whatever ends it: the agent must have been told to
            if not self.stopping:
                self.missed += 1
                print("bench-soak: the watcher lost its stream:", error, file=sys.stderr)

    def stop(self):
        self.stopping = True
        self.stream.cancel()
        self.join()


def held(agent):
    """What the process has, as the kernel says, and of it the spool and the kernel's arrays, as it says itself."""
    proc = f"/proc/{agent.process.pid}"
    with open(proc + "/statm", encoding="utf-8") as f:
        resident = int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE")
    c = agent.counters()
    return {"resident": resident, "spool": int(c["agent_spool_bytes"]),
            "arrays": int(c["agent_bpf_mapped_bytes"]), "files": len(os.listdir(proc + "/fd")),
            "threads": len(os.listdir(proc + "/task")), "rows": int(c["agent_rows"]),
            "samples": int(c["agent_ticks_total"]), "late": int(c["agent_late_ticks_total"]),
            "cpu": c["agent_cpu_seconds_total"], "births late": int(c["agent_births_late_total"])}


def rest(sample):
    return sample["resident"] - sample["spool"] - sample["arrays"]


def middle(samples):
    """Of memory the calmest moment: a peak that is on now is no leak."""
    calm = min(samples, key=rest)
    return ({key: statistics.median_low([s[key] for s in samples]) for key in samples[0]} |
            {key: calm[key] for key in ("resident", "spool", "arrays", "rows")})


def look(agent, began, enough):
    """A sample a second until they are enough; the last ones as one."""
    samples = []
    while not samples or not enough(samples):
        agent.snapshot(TOP + "/*")
        samples.append(held(agent) | {"at": time.monotonic() - began})
        time.sleep(1)
    return middle(samples[-SMOOTH:])


def grown(row, first):
    return rest(row) - rest(first) - max(0, row["rows"] - first["rows"]) * ROW_BYTES


def look_after_waves(agent, seconds):
    """One row when it is warm, one after each wave: when that was given back, or has not been for long."""
    began, part = time.monotonic(), seconds * (1 - WARM_PART) / WAVES
    rows = [look(agent, began, lambda s: s[-1]["at"] >= seconds * WARM_PART and len(s) >= SMOOTH)]
    for _ in range(WAVES):
        wave(agent)
        over = time.monotonic() - began
        rows.append(look(agent, began, lambda s, over=over: (
            s[-1]["at"] >= over + max(part, PATIENCE) or
            s[-1]["at"] >= rows[-1]["at"] + part and len(s) >= SMOOTH and
            grown(middle(s[-SMOOTH:]), rows[0]) <= MARGIN_BYTES)))
    return rows


def print_table(rows):
    print("| after | samples | resident, MiB | spool, MiB | arrays, MiB | the rest, MiB | files | threads | rows |")
    print("|---|---|---|---|---|---|---|---|---|")
    for r in rows:
        print(f"| {r['at']:.0f} s | {r['samples']} | {r['resident'] / 2**20:.2f} | {r['spool'] / 2**20:.2f} | "
              f"{r['arrays'] / 2**20:.2f} | {rest(r) / 2**20:.2f} | {r['files']} | {r['threads']} | {r['rows']} |")


def judge(rows, watcher, visitors):
    """Prints what was seen; returns what is wrong with it."""
    first, last = rows[0], rows[-1]
    more = max(grown(row, first) for row in rows[1:])
    print_table(rows)
    print(f"\n{visitors.count} containers came and went one by one, {(len(rows) - 1) * WAVE} in waves, "
          f"{watcher.seconds} seconds were watched, {watcher.missed} of them missed; "
          f"{last['late'] - first['late']} ticks late, {last['births late'] - first['births late']} births late; "
          f"{100 * (last['cpu'] - first['cpu']) / (last['at'] - first['at']):.2f} % of a core")
    return [text for wrong, text in (
        (more > MARGIN_BYTES, f"{more} bytes more were resident after a wave"),
        (last["files"] != first["files"], f"{first['files']} files became {last['files']}"),
        (last["threads"] > first["threads"] + SPARE_THREADS, f"{first['threads']} threads became {last['threads']}"),
        (watcher.missed, f"{watcher.missed} seconds were missed")) if wrong]


def soak(seconds, folder):
    os.chmod(folder, 0o711)
    residents = [Load(f"{TOP}/resident{i}", "while True: time.sleep(0.2)") for i in range(RESIDENTS)]
    agent = Agent(os.path.join(BIN, "plimsoll-agent"), folder, "--interval", "100ms")
    visitors, watcher = Visitors(), None
    try:
        watcher = Watcher(agent)
        watcher.start()
        visitors.start()
        rows = look_after_waves(agent, seconds)
    finally:
        if visitors.is_alive():
            visitors.stop()
        if watcher:
            watcher.stop()
        agent.kill(signal.SIGKILL)
        for load in residents:
            load.end()
        for root in hierarchies():
            until("an empty cgroup", lambda path=root + TOP: remove(path))
    return judge(rows, watcher, visitors)


def main():
    if os.geteuid() != 0:
        print("SKIP: the agent needs root")
        return 77
    signal.signal(signal.SIGTERM, end_early)
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    with tempfile.TemporaryDirectory(prefix="plimsoll-soak-") as folder:
        wrong = soak(seconds, folder)
    for text in wrong:
        print("bench-soak:", text, file=sys.stderr)
    return 1 if wrong else 0


sys.exit(main())
