# SPDX-License-Identifier: Apache-2.0
"""An agent that hears requests, a server and its clients, each in a cgroup of its own: what the scripts of every protocol
begin with and end with."""
import contextlib
import os
import shutil
import socket
import sys
import tempfile

import cli
import fleet
from loads import Load, until
from own_agent import Agent, values

# Where ./dev test unpacks servers.
PEERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "build", "peers")
LIBRARIES = os.path.join(PEERS, "usr/lib", f"{os.uname().machine}-linux-gnu")

NAMES = ("requests", "request_errors", "request_client_errors", "requests_untimed", "request_ns",
         "calls", "call_errors", "calls_untimed", "call_ns")
TURNS = NAMES + ("turns", "turns_untimed", "turn_ns", "call_turns", "call_turns_untimed", "call_turn_ns",
                 "hearing_losses", "connections_older", "connections_left")

# On loopback, segments of a sender that moves to another CPU overtake each other, as do those of a connection that is busy
# both ways; what is missing is not made up. So all of them stay on one.
PIN = "os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n"

RUN = PIN + """
import subprocess
p = subprocess.run(sys.argv[2:], input=sys.argv[1], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
sys.stdout.write(f"{p.returncode} {len(p.stdout)}\\n{p.stdout}\\n")
sys.stdout.flush()
time.sleep(1000)
"""


def programs(folders, *names):
    """Where these are, in folders of build/peers or else of the system; None: one of them is nowhere."""
    path = os.pathsep.join([os.path.join(root, f) for root in (PEERS, "/") for f in folders.split()] + [os.environ["PATH"]])
    found = {name: shutil.which(name, path=path) for name in names}
    os.environ["LD_LIBRARY_PATH"] = LIBRARIES
    return None if None in found.values() else found


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    except OSError:
        return False


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

    def runs(self, lines, *command):
        """A client that runs a command with its input, and is to be ended; the command's status and its words."""
        client = self.client(RUN, lines, *command)
        try:
            status, size = map(int, client.process.stdout.readline().split())
            return client, status, client.process.stdout.read(size).decode()
        except BaseException:
            client.end()
            raise

    def now(self, cgroup):
        return counted(self, cgroup, NAMES)

    def since(self, client, before, served, called):
        """What the server, since `before`, and the client count once it is as much as this."""
        def now():
            row = self.now(self.server.cgroup)
            return {k: row[k] - before[k] for k in NAMES}, self.now(client.cgroup)

        try:
            until("all of them", lambda: now()[0]["requests"] >= served and now()[1]["calls"] >= called)
        except AssertionError as error:
            losses = [counted(self, end.cgroup, TURNS[-3:]) for end in (self.server, client)]
            raise AssertionError(f"{error}: {served} requests, {called} calls; heard {now()}; in all {losses}") from error
        return now()

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
