# SPDX-License-Identifier: Apache-2.0
"""governor.py BIN: the real agent with a budget. Its walk over the tasks becomes dear by threads that do
nothing but exist; it must leave the walk out and say so, and take it up again when they are gone."""
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))
from loads import PATIENCE, hierarchies, until  # noqa: E402
from own_agent import Agent  # noqa: E402

PLIMSOLL = os.path.join(sys.argv[1], "plimsoll")
DIR = tempfile.mkdtemp(prefix="plimsoll-e2e-governor-")
os.chmod(DIR, 0o711)  # the agent leaves root, and has its socket below
TOP = f"/plimsoll-e2e-{os.getpid()}"
INTERVAL_S = 0.25
NO_TASKS = 2048
CROWD, CROWDS = 1000, 12  # threads that sleep, and how many such processes at most
ROOM = 6  # budget over what it takes alone: on a full machine that doubled and tripled, and must still be calm

SLEEPERS = """
import sys, threading
threading.stack_size(65536)
never = threading.Event()
for _ in range(int(sys.argv[1]) - 1):
    threading.Thread(target=never.wait, daemon=True).start()
print("there", flush=True)
never.wait()
"""


class Governed(Agent):
    def __init__(self, *options):
        super().__init__(os.path.join(sys.argv[1], "plimsoll-agent"), DIR, "--interval",
                         f"{int(INTERVAL_S * 1000)}ms", "--budget-patience", "2s", *options)

    def missing(self):
        """Of every row, together."""
        columns = self.snapshot().columns
        return set(columns.flags) if columns.flags else {0}

    def end(self):
        assert self.kill(signal.SIGTERM) == 0


class Crowd:
    """Processes full of sleeping threads, in a cgroup of their own."""

    def __init__(self):
        self.processes = []
        self.directory = hierarchies()[0] + TOP
        os.mkdir(self.directory)

    def grow(self):
        if len(self.processes) == CROWDS:
            return
        p = subprocess.Popen([sys.executable, "-c", SLEEPERS, str(CROWD)], stdout=subprocess.PIPE)
        self.processes.append(p)
        with open(self.directory + "/cgroup.procs", "w", encoding="utf-8") as procs:
            procs.write(str(p.pid))
        assert p.stdout.readline() == b"there\n"

    def go(self):
        for p in self.processes:
            p.kill()
            p.wait()
        self.processes = []

    def remove(self):
        self.go()
        os.rmdir(self.directory)


def share_without_crowd():
    """Of one core, what the agent takes on this machine now."""
    agent = Governed("--budget", "0")
    try:
        until("a window", lambda: agent.counters()["agent_cpu_share"] > 0)
        time.sleep(5)
        return agent.counters()["agent_cpu_share"]
    finally:
        agent.end()


def grow_until_it_drops(agent, crowd):
    crowd.grow()

    def ask():
        if agent.notices()["task"].level == "warn":
            return True
        if time.monotonic() > ask.next:
            crowd.grow()
            ask.next = time.monotonic() + 3
        return False

    ask.next = time.monotonic() + 3
    until("the agent left the walk out", ask)


def it_leaves_the_walk_out_and_takes_it_up_again(crowd):
    calm = share_without_crowd()
    budget = math.ceil(calm * ROOM * 1000 * INTERVAL_S)
    agent = Governed("--budget", str(budget))
    try:
        assert not any(m & NO_TASKS for m in agent.missing())
        allowed = agent.counters()["agent_budget_share"]
        assert allowed >= ROOM * calm, (allowed, calm)
        grow_until_it_drops(agent, crowd)
        c, notices = agent.counters(), agent.notices()
        print(f"  calm {calm:.4f}, budget {allowed:.4f}, {len(crowd.processes) * CROWD} threads")
        assert c["agent_parts_dropped_total"] >= 1, c
        assert "no processes, threads and major faults now: the agent took" in notices["task"].text, notices
        until("the rows say what is missing",
              lambda: all(m & NO_TASKS for m in agent.missing()))
        assert "measuring no processes, threads and major faults for now: the agent took" in agent.said()
        shown = subprocess.run([PLIMSOLL, "status", "--server", f"unix:{agent.path}"], check=True, text=True,
                               stdout=subprocess.PIPE, timeout=PATIENCE).stdout
        assert "no processes, threads and major faults now" in shown, shown
        crowd.go()
        until("all is measured again", lambda: not agent.counters()["agent_parts_left_out"], 2 * PATIENCE)
        until("the rows have it", lambda: not any(m & NO_TASKS for m in agent.missing()))
        c = agent.counters()
        assert c["agent_parts_restored_total"] == c["agent_parts_dropped_total"], c
        assert agent.notices()["task"].level == "ok"
        assert "measuring processes, threads and major faults again" in agent.said()
    finally:
        print(agent.said())
        agent.end()


def main():
    crowd = Crowd()
    try:
        it_leaves_the_walk_out_and_takes_it_up_again(crowd)
    finally:
        crowd.remove()
        shutil.rmtree(DIR)


main()
