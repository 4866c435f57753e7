# SPDX-License-Identifier: Apache-2.0
"""An agent of a script's own, asked over its socket."""
import os
import subprocess
import time

import grpc

from loads import PATIENCE, until
from python_client import Client

ANYBODY = 65533  # nobody's number: neither root nor whom root's agent becomes


def ambient(*capabilities, user=ANYBODY):
    """As AmbientCapabilities= and CapabilityBoundingSet= of a unit."""
    these = ",".join(("-all", *("+" + c for c in capabilities)))
    return ["setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups", "--inh-caps", these,
            "--ambient-caps", these, "--bounding-set", these]


class Agent:
    """With its log and, unless `path` says where else, its socket below `folder`, which must be open to the user
    that the agent becomes: os.chmod(folder, 0o711). `command` executes it, such as setpriv."""

    def __init__(self, binary, folder, *options, path=None, command=()):
        self.path = path or os.path.join(folder, "run", "agent.sock")
        self.log = open(os.path.join(folder, f"log-{time.monotonic_ns()}"), "w+", encoding="utf-8")
        self.process = subprocess.Popen([*command, binary, "--config", "", "--node", "e2e", "--socket", self.path,
                                         *options], stderr=self.log)
        self.client = until("the agent serves", self.connect)
        self.new = self.client.messages

    def connect(self):
        assert self.process.poll() is None, self.said()
        if not os.path.exists(self.path):
            return None
        return Client(grpc.insecure_channel(f"unix:{self.path}"))

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def snapshot(self, *globs):
        call = self.client.call("/plimsoll.v1.Metrics/Snapshot", "unary_unary", self.client.query,
                                self.client.batch)
        return call(self.client.query(cgroup=globs), timeout=PATIENCE)

    def status(self):
        call = self.client.call("/plimsoll.v1.Status/Get", "unary_unary",
                                self.new["plimsoll.v1.StatusRequest"],
                                self.new["plimsoll.v1.StatusResponse"])
        return call(self.new["plimsoll.v1.StatusRequest"](), timeout=PATIENCE)

    def counters(self):
        return {c.name: c.value for c in self.status().counter}

    def notices(self):
        return {n.id: n for n in self.status().notice}

    def kill(self, signum):
        """Returns its exit status. A sanitizer's report is the reader's, not only a number."""
        self.client.channel.close()  # or it waits for this reader
        self.process.send_signal(signum)
        code = self.process.wait(timeout=PATIENCE)
        if code not in (0, -signum):
            print(self.said(), flush=True)
        self.log.close()
        return code


def values(batch, cgroup):
    """The row of a cgroup as a dictionary, or None. A column that was left out is 0."""
    for name in batch.dictionary:
        if name.cgroup == cgroup:
            i = list(batch.columns.row).index(name.row)
            columns = {f.name: getattr(batch.columns, f.name) for f in
                       batch.columns.DESCRIPTOR.fields}
            return {k: v[i] if len(v) else 0 for k, v in columns.items()
                    if not k.startswith("hist")} | {"name": name.name, "kind": name.kind}
    return None
