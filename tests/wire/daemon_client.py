# SPDX-License-Identifier: Apache-2.0
"""Foreign clients against the real daemons: daemon_client.py AGENT AGGREGATOR NODE_COMMAND... It starts
both with throw-away sockets and state. python3-grpcio learns every message by reflection and uses every
service; then NODE_COMMAND gets both sockets and does the same with @grpc/grpc-js."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import grpc

from loads import PATIENCE, until
from python_client import Client, code_of

DEADLINE = 30
POLICY = """
apiVersion: plimsoll.io/v1alpha1
kind: ScalingPolicy
metadata: {name: foreign}
spec:
  mode: Enforce
  target: {cgroup: "/foreign/*", cpuRequest: 1}
  minReplicas: 2  # one is there: a decision that needs no load
  maxReplicas: 9
  metrics: [{type: Resource, resource: {name: cpu, target: {averageUtilization: 50}}}]
  actuator: {exec: {command: ["true"]}}
"""


class Daemon:
    def __init__(self, command):
        self.process = subprocess.Popen(command)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


def connected(address):
    channel = grpc.insecure_channel(address)
    return until(f"{address} serves", lambda: Client(channel))


def common(client, program):
    """What both daemons have: health, Status, Metrics."""
    new = client.messages
    check = client.call("/grpc.health.v1.Health/Check", "unary_unary",
                        new["grpc.health.v1.HealthCheckRequest"],
                        new["grpc.health.v1.HealthCheckResponse"])
    until(f"{program} healthy", lambda: check(new["grpc.health.v1.HealthCheckRequest"](),
                                             timeout=DEADLINE).status == 1)
    status = client.call("/plimsoll.v1.Status/Get", "unary_unary",
                         new["plimsoll.v1.StatusRequest"], new["plimsoll.v1.StatusResponse"])
    answer = status(new["plimsoll.v1.StatusRequest"](), timeout=DEADLINE)
    assert answer.program == program and answer.version and len(answer.counter) > 0
    raw = client.channel.unary_unary("/plimsoll.v1.Metrics/Snapshot")
    assert code_of(lambda: raw(b"\xff\xff\xff", timeout=DEADLINE))[0] == \
        grpc.StatusCode.INVALID_ARGUMENT
    nothing = client.channel.unary_unary("/plimsoll.v1.Metrics/Nothing")
    assert code_of(lambda: nothing(b"", timeout=DEADLINE))[0] == grpc.StatusCode.UNIMPLEMENTED


def metrics(client, of_one_node):
    """Snapshot has rows; Watch begins with the whole state and then sends seconds in order."""
    snapshot = client.call("/plimsoll.v1.Metrics/Snapshot", "unary_unary", client.query, client.batch)
    first = until("rows in a snapshot", lambda: (lambda b: b if b.live_rows else None)(
        snapshot(client.query(), timeout=DEADLINE)))
    assert len(first.columns.row) > 0
    watch = client.call("/plimsoll.v1.Metrics/Watch", "unary_stream", client.query, client.batch)
    stream = watch(client.query(), timeout=PATIENCE)
    preamble = next(stream)
    assert preamble.HasField("source") and preamble.live_rows == len(preamble.dictionary) > 0
    assert (preamble.sequence == 0) == of_one_node, preamble.sequence
    seconds = [next(stream).sequence for _ in range(4)]
    assert all(a < b for a, b in zip(seconds[1:], seconds[2:])), seconds
    stream.cancel()
    return preamble


def ingest(client, preamble):
    """Pushes one invented node: the aggregator says where to go on, and acknowledges."""
    batch, new = client.batch, client.messages
    report = client.call("/plimsoll.v1.Ingest/Report", "stream_stream", batch,
                         new["plimsoll.v1.Directive"])
    epoch = 0x1234567890abcdef
    start = time.clock_gettime_ns(time.CLOCK_BOOTTIME)

    def node():
        hello = batch()
        hello.ParseFromString(preamble.SerializeToString())
        hello.epoch = epoch
        hello.source.node = "foreign"
        hello.sequence = 0
        del hello.dictionary[:]
        hello.ClearField("columns")
        hello.dictionary.add(row=1, kind=4, cgroup="/foreign/1", name="1")
        hello.dictionary.add(row=2, kind=3, cgroup="/foreign.slice/b.service", runtime="systemd",
                             name="b.service")
        hello.live_rows = 2
        yield hello
        for sequence in range(1, 4):
            second = batch(wire_version=preamble.wire_version, epoch=epoch, sequence=sequence,
                           boottime_ns=start + sequence * 10**9,
                           wall_unix_ns=time.time_ns(), keyframe=sequence == 1, live_rows=2)
            for column in second.columns.DESCRIPTOR.fields:
                if not column.name.startswith("hist_"):
                    getattr(second.columns, column.name).extend((1, 2) if column.name == "row" else (0, 0))
            yield second

    answers = report(node(), timeout=PATIENCE)
    assert next(answers).HasField("resume")
    for answer in answers:
        if answer.ack.sequence == 3:
            return
    raise AssertionError("the last second was not acknowledged")


def scaling(client):
    """The decision for the node that was pushed: listed, watched, explained; and the brake."""
    new = client.messages

    def call(method, **fields):
        kind = client.messages.pool.FindServiceByName("plimsoll.v1.Scaling").methods_by_name[method]
        made = client.call(f"/plimsoll.v1.Scaling/{method}", "unary_unary",
                           new[kind.input_type.full_name], new[kind.output_type.full_name])
        return made(new[kind.input_type.full_name](**fields), timeout=DEADLINE)

    def stream(method, **fields):
        kind = client.messages.pool.FindServiceByName("plimsoll.v1.Scaling").methods_by_name[method]
        made = client.call(f"/plimsoll.v1.Scaling/{method}", "unary_stream",
                           new[kind.input_type.full_name], new[kind.output_type.full_name])
        return made(new[kind.input_type.full_name](**fields), timeout=PATIENCE)

    made = until("a decision", lambda: [d for d in call("ListDecisions").decision
                                        if d.outcome == "applied"])[0]
    assert (made.id, getattr(made, "from"), made.to, made.reason) == ("d-1", 1, 2, "min"), made
    told = call("Explain", id="d-1")
    assert "1 -> 2" in told.text and told.decision.outcome == "applied", told.text
    assert json.loads(told.record_json)["verdict"]["to"] == 2
    code, error = code_of(lambda: call("Explain", id="d-999999"))
    assert code == grpc.StatusCode.NOT_FOUND and "d-999999" in error.details(), error
    listed = {w.name: w for w in call("ListWorkloads").workload}
    assert listed["b.service"].replicas == 1 and not listed["b.service"].policy, listed.keys()
    lists = stream("WatchWorkloads", policies_only=True)
    for _ in range(2):
        (one,) = next(lists).workload
        assert (one.name, one.replicas, one.policy, one.last_decision) == ("foreign", 1, "foreign", "d-1")
    lists.cancel()
    past = stream("WatchDecisions", since_unix_ns=1, workload=["foreign"])
    assert next(past).id == "d-1"  # though it was made before anybody watched
    past.cancel()
    holds = stream("WatchDecisions", holds=True)
    assert not call("Pause", workload="foreign", why="a test", for_ns=3600 * 10**9).was_paused
    assert next(holds).reason  # any: the reason changes as samples grow old
    holds.cancel()
    assert [w.paused for w in call("ListWorkloads", name=["for*"]).workload] == [True]
    assert call("Resume", workload="foreign").was_paused
    assert not call("Resume", workload="foreign").was_paused
    code, error = code_of(lambda: call("Pause", workload="foreing"))
    assert code == grpc.StatusCode.NOT_FOUND and "foreing" in error.details()
    assert "did you mean foreign?" in str(error.trailing_metadata())


def main(agent_binary, aggregator_binary, *node):
    folder = tempfile.mkdtemp(prefix="plimsoll-wire.")
    os.chmod(folder, 0o711)  # the agent leaves root, and makes its socket in a directory below
    agent_socket, aggregator_socket = f"unix:{folder}/run/agent.sock", f"unix:{folder}/aggregator.sock"
    daemons = []
    with open(f"{folder}/policy.yaml", "w") as policy:
        policy.write(POLICY)
    try:
        daemons.append(Daemon([aggregator_binary, "--listen", "127.0.0.1:0", "--insecure", "--http",
                               "127.0.0.1:0", "--socket", aggregator_socket[5:], "--state-dir",
                               f"{folder}/state", "--policy", f"{folder}/policy.yaml"]))
        daemons.append(Daemon([agent_binary, "--node", "wire-test", "--socket", agent_socket[5:],
                               "--user", "", "--aggregator", aggregator_socket]))  # the socket is root's
        agent, aggregator = connected(agent_socket), connected(aggregator_socket)
        common(agent, "plimsoll-agent")
        common(aggregator, "plimsoll-aggregator")
        preamble = metrics(agent, True)
        metrics(aggregator, False)
        ingest(aggregator, preamble)
        scaling(aggregator)
        subprocess.run([*node, agent_socket, aggregator_socket], check=True)
        assert [d.stop() for d in reversed(daemons)] == [0, 0]
    finally:
        for daemon in daemons:
            if daemon.process.poll() is None:
                daemon.process.kill()
                daemon.process.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("SKIP: the agent loads eBPF programs: needs root")
        sys.exit(77)
    main(*sys.argv[1:])
    print("both clients agree with both daemons")
