# SPDX-License-Identifier: Apache-2.0
"""Real agent, real aggregator, mutual TLS: whoever is killed, no second is lost and none invented."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))
import fleet  # noqa: E402
from fleet import Aggregator, Process  # noqa: E402
from loads import until  # noqa: E402

import grpc  # noqa: E402

bin_dir = os.path.abspath(sys.argv[1])
aggregator_binary = os.path.join(bin_dir, "plimsoll-aggregator")
# The agent's whole program but for the kernel serves where there is no BPF.
agent_command = sys.argv[2:] or [os.path.join(bin_dir, "plimsoll-agent")]
INTERVAL = "250ms"


class AgentProcess(Process):
    def __init__(self, path, status, *more):
        self.socket = os.path.join(path, "run", "agent.sock")
        self.status_messages = status
        super().__init__([*agent_command, "--config", "", "--node", "e2e", "--interval", INTERVAL,
                          "--socket", self.socket, *more], os.path.join(path, "agent.log"))
        until("the agent", self.counters)

    def counters(self):
        assert self.process.poll() is None, open(self.log).read()
        try:
            with grpc.insecure_channel("unix:" + self.socket) as c:
                answer = c.unary_unary("/plimsoll.v1.Status/Get")(b"", timeout=fleet.PATIENCE)
        except grpc.RpcError:
            return None
        status = self.status_messages.StatusResponse.FromString(answer)
        return {c.name.removeprefix("agent_"): c.value for c in status.counter}


def caught_up(aggregator, agent):
    """Waits until the aggregator holds every second that the agent has taken."""
    want = agent.counters()["sequence"] + 1
    return aggregator.wait("batches_total", want)


def good(c, **wanted):
    for name, value in {"gaps_total": 0, "refused_total": 0, "agents": 1, **wanted}.items():
        assert c[name] == value, (name, c[name], value)


def same_rows(aggregator, agent):
    """Cgroups of this machine may come and go meanwhile."""
    until("the same rows",
             lambda: aggregator.counters()["rows"] == agent.counters()["rows"] > 0)


def pushed(path, status):
    aggregator = Aggregator(aggregator_binary, path, status)
    port = aggregator.port
    agent = None
    try:
        agent = AgentProcess(path, status, "--aggregator", f"127.0.0.1:{port}", "--server-name",
                             "aggregator", "--tls-dir", aggregator.tls)
        c = caught_up(aggregator, agent)
        good(c, epochs_total=1, streams=1)
        same_rows(aggregator, agent)
        assert c["newest_sample_age_seconds"] < 60, c
        if "sanitizer" not in open(agent.log).read():  # whose malloc() says nothing of itself
            c = aggregator.wait("heap_bytes", 1)
            assert c["heap_bytes"] < c["resident_memory_bytes"], c

        # Killed in mid-stream: what it knew comes back out of the agent's spool, every second of it.
        aggregator.end(signal.SIGKILL)
        killed_at = agent.counters()["sequence"]
        aggregator = Aggregator(aggregator_binary, path, status, port=port)
        c = caught_up(aggregator, agent)
        good(c, epochs_total=1)
        assert c["batches_total"] >= killed_at

        # Away for a while, the polite way.
        aggregator.end()
        away = agent.counters()["sequence"]
        until("seconds that nobody takes",
                 lambda: agent.counters()["sequence"] > away + 8)
        aggregator = Aggregator(aggregator_binary, path, status, port=port)
        good(caught_up(aggregator, agent), epochs_total=1)

        # The agent dies and comes back: a new run, the same replicas.
        rows = aggregator.counters()["rows"]
        agent.end(signal.SIGKILL)
        until("the stream's end", lambda: aggregator.counters()["streams"] == 0)
        assert aggregator.counters()["rows"] >= 1 and rows >= 1  # stale, but still there
        before = aggregator.counters()["batches_total"]
        agent = AgentProcess(path, status, "--aggregator", f"127.0.0.1:{port}", "--server-name",
                             "aggregator", "--tls-dir", aggregator.tls)
        c = aggregator.wait("batches_total", before + agent.counters()["sequence"] + 1)
        good(c, epochs_total=2, streams=1)
        same_rows(aggregator, agent)
        agent.end()
        aggregator.end()
    finally:
        for p in (aggregator, agent):
            if p:
                p.kill()


def scraped(path, status):
    agent = AgentProcess(path, status, "--aggregator", "")
    aggregator = None
    try:
        aggregator = Aggregator(aggregator_binary, path, status, "--scrape", "unix:" + agent.socket)
        c = aggregator.wait("batches_total", 3)
        good(c, scrape_targets=1, scrape_connected=1)
        agent.end(signal.SIGKILL)
        until("the stream's end", lambda: aggregator.counters()["scrape_connected"] == 0)
        before = aggregator.counters()["batches_total"]
        agent = AgentProcess(path, status, "--aggregator", "")
        c = aggregator.wait("batches_total", before + 3)
        good(c, scrape_connected=1, epochs_total=2)
        agent.end()
        aggregator.end()
    finally:
        for p in (aggregator, agent):
            if p:
                p.kill()


if os.geteuid() != 0:
    print("SKIP: the agent needs root")
    sys.exit(77)
with fleet.folder() as (folder, _, messages):
    for n, test in enumerate((pushed, scraped)):
        begin = time.monotonic()
        path = os.path.join(folder, str(n))
        os.mkdir(path)
        test(path, messages)
        print(f"{test.__name__}: {time.monotonic() - begin:.1f} s")
