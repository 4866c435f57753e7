# SPDX-License-Identifier: Apache-2.0
"""An agent that hears requests, a server and its clients, each in a cgroup of its own: what the scripts of every protocol
begin with and end with."""
import contextlib
import os
import shutil
import sys
import tempfile

import cli
import fleet
from loads import Load
from own_agent import Agent, values

NAMES = ("requests", "request_errors", "request_client_errors", "requests_untimed", "request_ns",
         "calls", "call_errors", "calls_untimed", "call_ns")
TURNS = NAMES + ("turns", "turns_untimed", "turn_ns", "call_turns", "call_turns_untimed", "call_turn_ns",
                 "hearing_losses", "connections_older", "connections_left")


class World:
    def __init__(self, name):
        self.dir = tempfile.mkdtemp(prefix=f"plimsoll-e2e-{name}-")
        os.chmod(self.dir, 0o711)  # the agent leaves root, and makes its socket in a directory below
        self.top = f"/plimsoll-e2e-{name}-{os.getpid()}"
        self.agent = Agent(os.path.join(os.path.abspath(sys.argv[1]), "plimsoll-agent"), self.dir, "--requests",
                           "--interval", "200ms")
        self.server, self.clients = None, 0

    def serve(self, code, *argv):
        self.server = Load(self.top + "/server", code, *argv)

    def client(self, code, *argv):
        self.clients += 1
        return Load(f"{self.top}/client{self.clients}", code, *argv)

    def end(self):
        if self.server:
            self.server.end(self.top)
        self.agent.kill(15)
        shutil.rmtree(self.dir, ignore_errors=True)


def counted(world, cgroup, names):
    """Of a row; 0 before it is there."""
    row = values(world.agent.snapshot(world.top + "/*"), cgroup)
    return {k: row[k] if row else 0 for k in names}


@contextlib.contextmanager
def aggregator(w, policy):
    """One that asks the agent, with these policies."""
    with fleet.folder() as (path, _, status):
        file = os.path.join(path, "policy.yaml")
        with open(file, "w", encoding="utf-8") as f:
            f.write(policy)
        daemon = fleet.Aggregator(os.path.join(cli.BIN, "plimsoll-aggregator"), path, status, "--scrape",
                                  "unix:" + w.agent.path, "--policy", file)
        try:
            yield cli.Server(daemon.socket)
        finally:
            daemon.kill()


def run(begin, tests):
    """`begin` makes the world that each test gets. Returns the exit status."""
    if os.geteuid() != 0:
        print("SKIP: the agent needs root")
        return 77
    world = begin()
    try:
        for test in tests:
            test(world)
            print(f"ok {test.__name__.replace('_', ' ')}", flush=True)
    finally:
        world.end()
    return 0
