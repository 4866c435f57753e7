# SPDX-License-Identifier: Apache-2.0
"""Cgroups of a script's own, as tests/own_cgroups.c makes them for programs, and what runs in them. Whatever a script
started and still runs when it ends, because a test failed, is ended with it: it would hold the script's output open,
and whoever reads that would wait for it."""
import atexit
import os
import signal
import subprocess
import sys
import time

import grpc

PATIENCE = 60  # seconds; how long anything may take on a machine that is busy with other tests


def children():
    """Of this process; those that ended and were not waited for are among them."""
    pids = []
    for thread in os.listdir("/proc/self/task"):
        with open(f"/proc/self/task/{thread}/children", encoding="ascii") as text:
            pids += map(int, text.read().split())
    return pids


def is_ours(pid):
    """It runs; if it ended, it is no longer there after this."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == 0
    except ChildProcessError:
        return False


def end_children():
    for signum, patience in (signal.SIGTERM, 10), (signal.SIGKILL, PATIENCE):
        left = children()
        for pid in left:
            os.kill(pid, signum)
        end = time.monotonic() + patience
        while left and time.monotonic() < end:
            left = [pid for pid in left if is_ours(pid)]
            time.sleep(0.05)


atexit.register(end_children)


def until(what, ask, patience=PATIENCE):
    """The first true answer; refused calls count as not yet."""
    end, last = time.monotonic() + patience, None
    while time.monotonic() < end:
        try:
            last = ask()
            if last:
                return last
        except grpc.RpcError as error:
            last = error
        time.sleep(0.1)
    raise AssertionError(f"waited in vain for {what}: {last}")


def hierarchies():
    """Where cgroup v2 is mounted and, on a hybrid machine, the v1 memory controller, by which a task
    is then known in the first place."""
    unified, memory = [], []
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        for line in mounts:
            fields = line.split()
            kind, options = fields[fields.index("-") + 1], fields[-1].split(",")
            if kind == "cgroup2":
                unified.append(fields[4])
            elif kind == "cgroup" and "memory" in options:
                memory.append(fields[4])
    if not unified:
        print("SKIP: no cgroup v2 hierarchy is mounted")
        sys.exit(77)
    return unified[:1] + memory[:1]


def memory_limit(cgroup):
    """The file that limits the memory of one directly below the root."""
    unified, *memory = hierarchies()
    return f"{memory[0]}{cgroup}/memory.limit_in_bytes" if memory else f"{unified}{cgroup}/memory.max"


def remove(path):
    """False while a process is in it, or on its way out of it."""
    try:
        os.rmdir(path)
    except FileNotFoundError:
        pass
    except OSError:
        return False
    return True


class Load:
    """A child in a cgroup of its own, by its path from the root; `code` is what it does, with `argv`."""

    def __init__(self, cgroup, code, *argv):
        self.cgroup, self.dirs = cgroup, [root + cgroup for root in hierarchies()]
        for path in self.dirs:
            os.makedirs(path)
        enter = "".join(f"open({path + '/cgroup.procs'!r}, 'w').write(str(os.getpid()))\n"
                        for path in self.dirs)
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"import os, sys, time\n{enter}print(flush=True)\n{code}", *argv],
            stdout=subprocess.PIPE)
        self.process.stdout.readline()  # it is in its cgroup now

    def end(self, *above):
        """Ends it and removes its cgroup, and those above it that are named."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        for cgroup in (self.cgroup, *above):
            for root in hierarchies():
                until("an empty cgroup", lambda path=root + cgroup: remove(path))
