# SPDX-License-Identifier: Apache-2.0
"""holds.py BIN: what keeps a real aggregator from changing, and what it does within the tolerance or the budget: each
is told in numbers that are right, and its record decides the same again, also from a file. The agents are written in
Python and make the load up, so that it is the same each time."""
import json
import os
import re
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))
import fleet  # noqa: E402
from cli import BIN, Server, run  # noqa: E402
from loads import until  # noqa: E402

POLICY = """---
apiVersion: plimsoll.io/v1alpha1
kind: ScalingPolicy
metadata: {{name: {0}}}
spec:
  mode: Enforce
  target: {{cgroup: "/holds/{0}/*", cpuRequest: 1}}
  minReplicas: {1}
  maxReplicas: 20
  metrics: [{{type: Resource, resource: {{name: cpu, target: {{averageUtilization: 50}}}}}}]
  behavior: {{scaleDown: {{stabilizationWindowSeconds: {2}}}}}
  windowSeconds: 2
  actuator: {{exec: {{command: ["true"]}}}}
"""
HPA = """---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {0}
  annotations:
    plimsoll.io/mode: Enforce
    plimsoll.io/replicas: /holds/{0}/*
    plimsoll.io/cpu-request: "1"
    plimsoll.io/exec: "[/bin/sh, -c, 'cat >> {1}']"
spec:
  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: {0}}}
  minReplicas: 2
  maxReplicas: 20
  metrics: [{{type: Resource, resource: {{name: cpu, target: {{type: Utilization, averageUtilization: 50}}}}}}]
"""
NAMES = "near", "young", "missing", "open", "idle"


class Node:
    """Sends a second each second: `use` is what each replica uses, in cores, by its cgroup."""

    def __init__(self, aggregator, metrics, name, use):
        self.use, self.row, self.used, self.sequence = use, {}, {}, 0
        self.metrics = metrics
        self.agent = fleet.Agent(aggregator.channel(), metrics, node=name, patience=600)
        preamble = self.agent.preamble(rows=0)
        preamble.source.cpus = 64
        self.agent.send(preamble)
        self.agent.receive()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        begin = time.monotonic()
        while not self.ended.wait(max(0, begin + self.sequence - time.monotonic())):
            self.sequence += 1
            self.agent.send(self.second())

    def second(self):
        use = dict(self.use)
        batch = self.metrics.Batch(wire_version=1, epoch=self.agent.epoch, sequence=self.sequence, wall_unix_ns=1,
                                   boottime_ns=(self.sequence + 1) * fleet.SECOND, live_rows=len(use),
                                   keyframe=self.sequence % 30 == 1)
        for cgroup, cores in use.items():
            if cgroup not in self.row:
                self.row[cgroup] = len(self.row) + 1
                batch.dictionary.add(row=self.row[cgroup], kind=4, cgroup=cgroup, name=os.path.basename(cgroup))
            self.used[cgroup] = self.used.get(cgroup, 0) + int(cores * fleet.SECOND)
            batch.columns.row.append(self.row[cgroup])
            batch.columns.flags.append(0)
            for counter in fleet.COUNTERS:
                getattr(batch.columns, counter).append(self.used[cgroup] if counter == "cpu_ns" else 0)
        return batch

    def end(self):
        if not self.ended.is_set():
            self.ended.set()
            self.thread.join()
            self.agent.close()


class World:
    """An aggregator of its own with these policies; its nodes end with it."""

    def __init__(self, folder, name, metrics, status, policies, *options):
        self.path, self.metrics, self.nodes = os.path.join(folder, name), metrics, []
        os.mkdir(self.path)
        self.policy = os.path.join(self.path, "policy.yaml")
        self.write(policies)
        self.daemon = fleet.Aggregator(os.path.join(BIN, "plimsoll-aggregator"), self.path, status, "--policy",
                                       self.policy, *options)
        self.ask = Server(self.daemon.socket)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for node in self.nodes:
            node.end()
        self.daemon.kill()
        if kind:
            with open(self.daemon.log, encoding="utf-8") as f:
                print(f.read(), file=sys.stderr)

    def write(self, text):
        with open(self.policy, "w", encoding="utf-8") as f:
            f.write(text)

    def node(self, name, use):
        self.nodes.append(Node(self.daemon, self.metrics, name, use))
        return self.nodes[-1]

    def policies(self):
        return {p["name"]: p for p in self.ask.json("get", "policies")["items"]}

    def reason(self, name):
        return self.policies()[name]["reason"]

    def replayed(self, what, same):
        """Decided again, from the aggregator's record and from a file of it: both are the same."""
        answer = self.ask.json("replay", what)
        assert answer["same"] is True, answer
        path = os.path.join(self.path, what.replace("/", "-") + ".json")
        with open(path, "w", encoding="utf-8") as f:
            f.write(self.ask("explain", what, "-o", "json"))
        out = run("replay", path)
        assert same in out and "the recorded inputs give the same again, byte for byte" in out, out
        return answer

    def held(self, name, reason, replicas, *words):
        """It is, is told so with these words, and is again when it is decided again; returns the text."""
        until(f"{name} is held for {reason}", lambda: self.reason(name) == reason)
        text = self.ask("explain", "hold/" + name)
        for word in (f"{name} {replicas} -> {replicas} at ", f"{replicas} -> {replicas}, reason {reason}: ",
                     "nothing was ordered: held at ", "the recorded inputs give the same verdict again", *words):
            assert word in text, (word, text)
        answer = self.replayed("hold/" + name, f"{name} {replicas} -> {replicas} ({reason}): ")
        assert (answer["reason"], answer["from"], answer["to"]) == (reason, replicas, replicas), answer
        return text


def left(text):
    """Seconds that it is said to hold."""
    return float(re.search(r"for another +([\d.]+) s, unless what holds it comes again", text)[1])


def replicas(name, n, cores, first=1):
    return {f"/holds/{name}/{i}": cores for i in range(first, first + n)}


def within_the_tolerance_only_a_bound_moves_it(w, policies):
    """The metric asks for nothing; a minReplicas that was raised does."""
    until("a known rate", lambda: w.policies()["near"]["metrics"][0]["current"] == "52 %")
    assert w.reason("near") == "steady"
    w.write(policies.replace("minReplicas: 1", "minReplicas: 3", 1))  # of the first
    w.daemon.process.send_signal(signal.SIGHUP)
    made = until("a decision", lambda: w.ask.json("decisions", "near")["items"])[-1]
    assert (made["from"], made["to"], made["reason"]) == (2, 3, "min"), made
    text = w.ask("explain", made["id"])
    for word in ("cpu 52 % of request over 2 of 2 replicas", "within 10 % of the target: asks for 2, as it is set",
                 "the recorded inputs give the same verdict again"):
        assert word in text, (word, text)
    assert w.replayed(made["id"], "near 2 -> 3 (min): ")["to"] == 3


def a_window_says_what_is_left_of_it(w, node):
    node.use |= replicas("idle", 4, 0.05)
    text = w.held("idle", "stabilized", 4, "scaleDown 300 s: as no less was asked for in it, 4 stays")
    assert 200 < left(text) < 302, text


def young_ones_are_no_reason_to_grow(w, node):
    node.use |= replicas("young", 2, 1.0, first=3)
    text = w.held("young", "young", 4, "cpu 75 % of request over 4 of 4 replicas",
                  "2 too young to be a reason to grow, counted at nothing: 25 %", "first seen ")
    assert 0 < left(text) <= 10, text
    made = until("they are old enough", lambda: w.ask.json("decisions", "young")["items"])[-1]
    assert (made["from"], made["to"]) == (4, 6), made


def an_open_step_is_not_gone_on_with(w, node):
    """2 x 300 / 50 = 12 are needed in the end, 2 + 4 = 6 are ordered, which do not come."""
    node.use |= replicas("open", 2, 3.0)
    text = w.held("open", "unfilled", 6, "set to           6 by the last order, live: 2")
    assert int(re.search(r"rounded up: asks for (\d+)\n", text)[1]) > 6, text
    assert 0 < left(text) <= 60, text
    made = w.ask.json("decisions", "open")["items"][-1]
    assert (made["from"], made["to"]) == (2, 6), made
    last = w.ask("explain", "open").splitlines()[-1]  # of the newest decision, and what came then
    assert re.fullmatch(r"  held since       \S+Z, reason unfilled: .*; plimsoll explain hold/open tells more", last)
    assert w.ask("explain", made["id"]).splitlines()[-1] == last


def missing_data_is_no_reason_to_shrink(w, node, lost):
    """One of four replicas is on a node that falls silent; what the others did is over then."""
    lost.end()
    w.daemon.wait("agents_silent", 1)
    node.use |= replicas("missing", 3, 0.05)
    text = w.held("missing", "stale", 4, "over 3 of 4 replicas", "1 without a fresh rate, counted at 100 % each",
                  "replicas         4 (nodes: 2, silent: 1)", "without a fresh sample: 1 on node-b\n",
                  "of the fleet's 2 nodes 1 is silent; ")
    assert "for another" not in text, text  # it ends with the silence


def an_hpa_does_not_shrink_on_what_is_missing(w, node):
    """Three pods end at 40 % where 50 % is the target; with the fourth, which is silent, at 100 % all are at 55 %."""
    node.use |= replicas("pods", 3, 0.4)
    until("its reason", lambda: w.reason("pods") == "coverage")
    text = w.ask("explain", "hold/pods")
    for word in ("pods 4 -> 4 at ", "% of request over 3 of 4 pods", "the direction turns round: asks for 4, as it is set",
                 "1 pod without a fresh sample, counted at 100 % of the request", "without a fresh sample: 1 on node-b\n",
                 "the recorded inputs give the same outcome again, byte for byte"):
        assert word in text, (word, text)
    answer = w.replayed("hold/pods", "pods 4 -> 4 (coverage): ")
    assert (answer["reason"], answer["from"], answer["to"], answer["lacks"]) == ("coverage", 4, 4, 0), answer


def of_policies(folder, metrics, status):
    text = "".join(POLICY.format(name, 1, 300 if name == "idle" else 0) for name in NAMES)
    text += HPA.format("pods", "/dev/null")
    with World(folder, "policies", metrics, status, text, "--budget", "100", "--hpa-period", "1s") as w:
        node = w.node("node-a", replicas("near", 2, 0.52) | replicas("young", 2, 0.5) | replicas("missing", 3, 0.5)
                      | replicas("idle", 4, 0.5) | replicas("open", 2, 0.5) | replicas("pods", 3, 0.5))
        lost = w.node("node-b", replicas("missing", 1, 0.5, first=4) | replicas("pods", 1, 0.5, first=4))
        within_the_tolerance_only_a_bound_moves_it(w, text)
        a_window_says_what_is_left_of_it(w, node)
        young_ones_are_no_reason_to_grow(w, node)
        an_open_step_is_not_gone_on_with(w, node)
        missing_data_is_no_reason_to_shrink(w, node, lost)
        an_hpa_does_not_shrink_on_what_is_missing(w, node)


def of_an_hpa_that_the_budget_cuts(folder, metrics, status):
    """It wants 4, and one replica a minute is all there is: what was ordered is what a replay says, too."""
    orders = os.path.join(folder, "orders")
    with World(folder, "hpa", metrics, status, HPA.format("cut", orders), "--budget", "1", "--hpa-period", "1s") as w:
        w.node("node-a", replicas("cut", 2, 1.0))
        made = until("a decision", lambda: w.ask.json("decisions", "cut")["items"])[-1]
        assert (made["from"], made["to"], made["reason"]) == (2, 3, "budget"), made
        with open(orders, encoding="utf-8") as f:
            order = json.loads(f.readline())
        assert (order["from"], order["to"]) == (2, 3), order
        text = w.ask("explain", made["id"])
        for word in ("2 -> 4: cpu resource utilization", "1 left for this one: 2 -> 3 instead of 4\n",
                     "the recorded inputs give the same outcome again, byte for byte"):
            assert word in text, (word, text)
        answer = w.replayed(made["id"], "cut 2 -> 3 (budget): ")
        assert (answer["to"], answer["lacks"], answer["reason"]) == (3, 1, "budget"), answer
        assert "; 4 were wanted, the fleet's budget cut it\n" in w.ask("replay", made["id"])
        until("nothing left", lambda: (p := w.policies()["cut"])["reason"] == "budget" and p["current"] == 3)
        answer = w.replayed("hold/cut", "cut 3 -> 3 (budget): ")
        assert (answer["from"], answer["to"], answer["lacks"]) == (3, 3, 1), answer


def main():
    with fleet.folder() as (path, metrics, status):
        of_policies(path, metrics, status)
        of_an_hpa_that_the_budget_cuts(path, metrics, status)
    return 0


sys.exit(main())
