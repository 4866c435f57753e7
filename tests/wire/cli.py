# SPDX-License-Identifier: Apache-2.0
"""The command line for its tests: plimsoll itself, and a world for it to show: loads of our own, a real agent that
measures them and a real aggregator that decides on them. Gets the directory of the binaries as the script's
argument."""
import concurrent.futures
import json
import os
import subprocess
import sys
import time

import fleet
import grpc
from fleet import Aggregator, Process
from loads import PATIENCE, Load, until

BIN = os.path.abspath(sys.argv[1])
PLIMSOLL = os.path.join(BIN, "plimsoll")
TOP = f"/plimsoll-e2e-ctl-{os.getpid()}"
NEVER = 2 ** 64 - 1  # an age
POLICY = f"""apiVersion: plimsoll.io/v1alpha1
kind: ScalingPolicy
metadata: {{name: shop}}
spec:
  mode: Observe
  target: {{cgroup: "{TOP}/*", cpuRequest: 250m}}
  minReplicas: 1
  maxReplicas: 6
  metrics:
    - type: Resource
      resource: {{name: cpu, target: {{type: Utilization, averageUtilization: 60}}}}
  behavior:
    scaleDown: {{stabilizationWindowSeconds: 2}}
  windowSeconds: 2
  actuator: {{none: {{}}}}
"""


def environment(**more):
    """Ours without what would change the answers."""
    return {k: v for k, v in os.environ.items()
            if not k.startswith("PLIMSOLL_") and k not in ("NO_COLOR", "CLICOLOR_FORCE", "COLUMNS")} | more


def both(*words, code=0, env=None):
    """What it says to standard output and to standard error."""
    p = subprocess.run([PLIMSOLL, *words], env=env or environment(), stdin=subprocess.DEVNULL,
                       capture_output=True, timeout=PATIENCE, check=False)
    out, err = p.stdout.decode(), p.stderr.decode()
    assert p.returncode == code, (words, p.returncode, out, err)
    assert "\033" not in out + err and "\x07" not in out + err and "\u009b" not in out + err, (words, out)
    return out, err


def run(*words, code=0, env=None):
    out, err = both(*words, code=code, env=env)
    return out if code == 0 else out + err


class Server:
    """Words for one server."""
    def __init__(self, address):
        self.address = address

    def __call__(self, *words, **more):
        return run(*words, "--server", self.address, **more)

    def json(self, *words):
        return json.loads(self(*words, "-o", "json"))

    def warning(self, *words):
        """What it says beside its answer."""
        return both(*words, "--server", self.address)[1]


class World:
    """Loads in cgroups of their own, that are calm while there is the file, an agent that measures them and an aggregator
    that decides on them."""

    def __init__(self, path, status, policy, names, *options):
        self.path, self.loads, self.agent_process, self.daemon = path, [], None, None
        self.calm, self.policy = path + "/calm", path + "/policy.yaml"
        try:
            self.start(status, policy, names, options)
        except BaseException:
            self.end()
            raise

    def start(self, status, policy, names, options):
        for name in names:
            self.loads.append(Load(f"{TOP}/{name}", "while True: os.path.exists(sys.argv[1]) and time.sleep(0.05)",
                                   self.calm))
        socket = os.path.join(self.path, "run", "agent.sock")
        self.agent_process_command = [os.path.join(BIN, "plimsoll-agent"), "--config", "", "--node", "e2e",
                                      "--socket", socket]
        self.agent_process = Process(self.agent_process_command, os.path.join(self.path, "agent.log"))
        self.write(policy)
        self.daemon = Aggregator(os.path.join(BIN, "plimsoll-aggregator"), self.path, status, "--scrape",
                                 "unix:" + socket, "--policy", self.policy, *options)
        self.agent, self.aggregator = Server("unix:" + socket), Server(self.daemon.socket)

    def write(self, policy):
        with open(self.policy, "w", encoding="utf-8") as f:
            f.write(policy)

    def end(self):
        for p in (self.daemon, self.agent_process):
            if p:
                p.kill()
        for load in self.loads:
            load.end(*([TOP] if load is self.loads[-1] else []))


def serve(path, services):
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(16))
    for service, methods in services.items():
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("plimsoll.v1." + service, methods),))
    assert server.add_insecure_port("unix:" + path)
    server.start()
    return server


def main(tests):
    """The exit code of a script that runs these in one world."""
    if os.geteuid() != 0:
        print("SKIP: the agent needs root")
        return 77
    with fleet.folder() as (path, _, status):
        subprocess.run(["protoc", "-I" + os.path.join(fleet.ROOT, "proto"), "--python_out=" + path,
                        "plimsoll/v1/scaling.proto"], check=True, cwd=os.path.join(fleet.ROOT, "proto"))
        world = World(path, status, POLICY, ["one"])
        try:
            until("a decision", lambda: world.aggregator.json("decisions")["items"])
            for test in tests:
                begin = time.monotonic()
                test(world)
                print(f"ok {test.__name__.replace('_', ' ')} ({time.monotonic() - begin:.1f} s)", flush=True)
        finally:
            world.end()
    return 0
