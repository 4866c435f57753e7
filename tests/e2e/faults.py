# SPDX-License-Identifier: Apache-2.0
"""faults.py BIN: what happens to plimsoll-agent, and what nobody may see of it: it is killed and started again under
load, its clocks are others than the machine's, cgroups vanish while it looks at them."""
import os
import re
import signal
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))
import fleet  # noqa: E402
from cli import BIN, Server  # noqa: E402
from loads import PATIENCE, Load, hierarchies, remove, until  # noqa: E402
from own_agent import Agent, values  # noqa: E402

AGENT = os.path.join(BIN, "plimsoll-agent")
TOP = f"/plimsoll-e2e-{os.getpid()}"
CPUS = os.cpu_count()
BUSY = 3  # tasks; more than CPUs here
LIVES, BATCHES = 4, 8
TICK_NS = 10**7  # a running task is counted to the moment of the pass, by clocks that are compared once a pass
CHURN_S, CHURNERS = 4, 2
MANY, FEWEST = 100, 64  # cgroups, slots
FAR_S = 10**6  # the clocks of another time namespace


def boottime_ns():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def watch(agent, batches):
    """That many seconds of everything, whole ones and changes, without the preamble."""
    call = agent.client.call("/plimsoll.v1.Metrics/Watch", "unary_stream", agent.client.query, agent.client.batch)
    stream = call(agent.client.query(), timeout=PATIENCE)
    got = []
    for batch in stream:
        if batch.sequence:
            got.append(batch)
        if len(got) == batches:
            stream.cancel()
            return got
    raise AssertionError(f"the stream ended after {len(got)} seconds")


def check_rates(batches):
    """No row runs backwards or on more CPUs than there are; returns the largest rate."""
    last, largest = {}, 0
    for b in batches:
        for row, cpu_ns in zip(b.columns.row, b.columns.cpu_ns):
            before_at, before = last.get(row, (b.boottime_ns, cpu_ns))
            grown, elapsed = cpu_ns - before, b.boottime_ns - before_at
            assert 0 <= grown <= CPUS * elapsed + TICK_NS, (row, grown, elapsed)
            largest = max(largest, grown / elapsed if elapsed else 0)
            last[row] = (b.boottime_ns, cpu_ns)
    return largest


def a_life(binary, folder, loads):
    """Starts an agent and looks: all it says is of its own time. Returns it, its epoch and its last second's time."""
    spawned = boottime_ns()
    agent = Agent(binary, folder, "--interval", "200ms")
    first = agent.snapshot(TOP + "/*")
    for load in loads:  # complete from its first second on: nobody waits for a period to pass
        row = values(first, load.cgroup)
        assert row and row["cpu_ns"] <= boottime_ns() - spawned + TICK_NS, (row, spawned)
    batches = watch(agent, BATCHES)
    assert spawned < batches[0].boottime_ns < batches[-1].boottime_ns < boottime_ns(), batches
    assert [b.sequence for b in batches] == list(range(batches[0].sequence, batches[0].sequence + BATCHES))
    assert {b.epoch for b in batches} == {first.epoch}
    assert check_rates(batches) > 0
    return agent, first.epoch, batches[-1].boottime_ns


def killed_under_load(folder, status):
    """An aggregator, which refuses what cannot be, looks on: it holds every second of every life."""
    loads = [Load(f"{TOP}/busy{i}", "while True: pass") for i in range(BUSY)]
    agent = aggregator = None
    epochs, seen = [], 0
    try:
        aggregator = fleet.Aggregator(os.path.join(BIN, "plimsoll-aggregator"), folder, status, "--scrape",
                                      f"unix:{folder}/run/agent.sock")
        for _ in range(LIVES):
            agent, epoch, last = a_life(AGENT, folder, loads)
            assert not epochs or (epoch > epochs[-1] and last > seen), (epoch, epochs)
            epochs.append(epoch)
            seen = last
            aggregator.wait("epochs_total", len(epochs))
            assert agent.kill(signal.SIGKILL) == -signal.SIGKILL
            until("the stream's end", lambda: aggregator.counters()["scrape_connected"] == 0)
        c = aggregator.counters()
        assert c["refused_total"] == 0 and c["gaps_total"] == 0 and c["epochs_total"] == LIVES, c
    finally:
        for load in loads:
            load.end()
        if agent and agent.process.poll() is None:
            agent.kill(signal.SIGKILL)
        if aggregator:
            if aggregator.process.poll() is not None:
                with open(aggregator.log, encoding="utf-8") as f:
                    sys.stderr.write(f.read())
            aggregator.kill()


def in_another_time_namespace(folder, _status):
    """The kernel's programs know of no such namespace."""
    wrapper = os.path.join(folder, "far")
    with open(wrapper, "w", encoding="utf-8") as f:
        f.write(f'#!/bin/sh\nexec unshare --time --monotonic {FAR_S} --boottime {2 * FAR_S} --fork --kill-child '
                f'{AGENT} "$@"\n')
    os.chmod(wrapper, 0o755)
    busy, agent = Load(TOP + "/busy", "while True: pass"), None
    try:
        agent, _, last = a_life(wrapper, folder, [busy])
        row = until("its age", lambda: values(agent.snapshot(busy.cgroup), busy.cgroup))
        assert 0 < row["started_ns"] < last, (row, last)
    finally:
        busy.end()
        if agent and agent.process.poll() is None:
            agent.kill(signal.SIGKILL)


def churn(name, end, made):
    """Makes and removes cgroups as fast as it can."""
    while time.monotonic() < end:
        path = f"{TOP}/{name}-{made[0]}"
        for root in hierarchies():
            os.mkdir(root + path)
        for root in hierarchies():
            os.rmdir(root + path)
        made[0] += 1


def cgroups_that_vanish(folder, _status):
    for root in hierarchies():
        os.makedirs(root + TOP, exist_ok=True)
    agent = Agent(AGENT, folder, "--interval", "100ms")
    try:
        end = time.monotonic() + CHURN_S
        made = [[0] for _ in range(CHURNERS)]
        threads = [threading.Thread(target=churn, args=(f"c{i}", end, made[i])) for i in range(CHURNERS)]
        for thread in threads:
            thread.start()
        check_rates(watch(agent, BATCHES))
        for thread in threads:
            thread.join()
        until("no row of theirs", lambda: not agent.snapshot(TOP + "/*").dictionary)
        c = agent.counters()
        assert not any(c[name] for name in ("agent_read_errors_total", "agent_cgroups_unplaced",
                                     "agent_listeners_unplaced_total", "agent_connections_unknown_total")), c
        assert agent.process.poll() is None
        print(f"   {sum(m[0] for m in made)} came and went, {c['agent_births_late_total']:.0f} directories were late")
    finally:
        agent.kill(signal.SIGKILL)


def more_cgroups_than_slots(folder, status):
    """What is not told apart is counted for every reader, and said to whoever asks, with the option that helps."""
    aggregator = None
    here = [f"{root}{TOP}/many{i}" for root in hierarchies() for i in range(MANY)]
    for path in here:
        os.makedirs(path)
    agent = Agent(AGENT, folder, "--max-cgroups", str(FEWEST))
    try:
        assert agent.snapshot().losses.slots_full >= MANY - FEWEST, agent.snapshot().losses
        for root in hierarchies():
            os.mkdir(f"{root}{TOP}/late")
            here.append(f"{root}{TOP}/late")
        until("a late birth", lambda: agent.snapshot().losses.births_late > 0)
        measured = Server("unix:" + agent.path)
        said = measured("status")
        for pattern in ("warn +[0-9]+ cgroups have no slot",
                        "fix: .*--max-cgroups", "warn +[0-9]+ directories of cgroups were made with no slot ready"):
            assert re.search(pattern, said), (pattern, said)
        aggregator = fleet.Aggregator(os.path.join(BIN, "plimsoll-aggregator"), folder, status, "--scrape",
                                      "unix:" + agent.path)
        until("a second", lambda: aggregator.counters()["batches_total"] > 0)
        decided = Server(aggregator.socket)
        said = decided("status")
        assert re.search(r"warn +([0-9]+) cgroups on 1 of 1 nodes \(e2e \1\) have no slot", said), said
        for server in (measured, decided):
            assert re.search(r" slots: [0-9]+ cgroups, \+[1-9]", server("get", "nodes", "-o", "wide"))
            lost = server.json("get", "nodes")["items"][0]["losses"]
            assert lost["slots_full"] >= MANY - FEWEST and lost["births_late"] > 0 and lost["read_errors"] == 0, lost
    finally:
        if aggregator:
            aggregator.kill()
        agent.kill(signal.SIGKILL)
        for path in here:
            os.rmdir(path)


def main():
    if os.geteuid() != 0:
        print("SKIP: the agent needs root")
        return 77
    hierarchies()  # skips without
    try:
        with fleet.folder() as (folder, _, status):
            for test in (killed_under_load, in_another_time_namespace, cgroups_that_vanish,
                         more_cgroups_than_slots):
                mine = tempfile.mkdtemp(dir=folder)
                os.chmod(mine, 0o711)
                test(mine, status)
                print("ok", test.__name__.replace("_", " "), flush=True)
    finally:
        for root in hierarchies():
            until("an empty cgroup", lambda path=root + TOP: remove(path))
    return 0


sys.exit(main())
