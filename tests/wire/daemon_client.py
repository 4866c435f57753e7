# SPDX-License-Identifier: Apache-2.0
"""A foreign client against the real daemons: daemon_client.py AGENT AGGREGATOR. It starts both with
throw-away sockets and state, learns every message by reflection and uses every service."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import grpc

from python_client import Client, code_of

DEADLINE = 30
LONG = 60  # seconds until something must have happened


class Daemon:
    def __init__(self, command):
        self.process = subprocess.Popen(command)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=LONG)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


def until(what, ask):
    """The first true answer; errors count as not yet."""
    end = time.monotonic() + LONG
    last = None
    while time.monotonic() < end:
        try:
            last = ask()
            if last:
                return last
        except grpc.RpcError as error:
            last = error
        time.sleep(0.2)
    raise AssertionError(f"{what}: {last}")


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


def metrics(client):
    """Snapshot has rows; Watch sends a preamble and then seconds in order."""
    snapshot = client.call("/plimsoll.v1.Metrics/Snapshot", "unary_unary", client.query, client.batch)
    first = until("rows in a snapshot", lambda: (lambda b: b if b.live_rows else None)(
        snapshot(client.query(), timeout=DEADLINE)))
    assert len(first.columns.row) > 0
    watch = client.call("/plimsoll.v1.Metrics/Watch", "unary_stream", client.query, client.batch)
    stream = watch(client.query(), timeout=LONG)
    preamble = next(stream)
    assert preamble.sequence == 0 and preamble.HasField("source")
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
        hello.CopyFrom(preamble)
        hello.epoch = epoch
        hello.source.node = "foreign"
        del hello.dictionary[:]
        yield hello
        for sequence in range(1, 4):
            second = batch(wire_version=preamble.wire_version, epoch=epoch, sequence=sequence,
                           boottime_ns=start + sequence * 10**9,
                           wall_unix_ns=time.time_ns(), keyframe=sequence == 1)
            yield second

    answers = report(node(), timeout=LONG)
    assert next(answers).HasField("resume")
    for answer in answers:
        if answer.ack.sequence == 3:
            return
    raise AssertionError("the last second was not acknowledged")


def scaling(client):
    """Every unary list, an unknown decision, and a hand on the brake of an unknown workload."""
    new = client.messages

    def call(method, **fields):
        kind = client.messages.pool.FindServiceByName("plimsoll.v1.Scaling").methods_by_name[method]
        made = client.call(f"/plimsoll.v1.Scaling/{method}", "unary_unary",
                           new[kind.input_type.full_name], new[kind.output_type.full_name])
        return made(new[kind.input_type.full_name](**fields), timeout=DEADLINE)

    until("workloads", lambda: call("ListWorkloads").workload)
    call("ListDecisions")
    assert code_of(lambda: call("Explain", id="d-999999"))[0] == grpc.StatusCode.NOT_FOUND
    watch = client.call("/plimsoll.v1.Scaling/WatchWorkloads", "unary_stream",
                        new["plimsoll.v1.ListWorkloadsRequest"],
                        new["plimsoll.v1.ListWorkloadsResponse"])
    stream = watch(new["plimsoll.v1.ListWorkloadsRequest"](), timeout=LONG)
    assert next(stream).workload and next(stream).workload
    stream.cancel()


def main(agent_binary, aggregator_binary):
    folder = tempfile.mkdtemp(prefix="plimsoll-wire.")
    agent_socket, aggregator_socket = f"unix:{folder}/agent.sock", f"unix:{folder}/aggregator.sock"
    daemons = []
    try:
        daemons.append(Daemon([aggregator_binary, "--listen", "127.0.0.1:0", "--insecure", "--http",
                               "127.0.0.1:0", "--socket", aggregator_socket[5:], "--state-dir",
                               f"{folder}/state"]))
        daemons.append(Daemon([agent_binary, "--node", "wire-test", "--socket", agent_socket[5:],
                               "--aggregator", aggregator_socket]))
        agent, aggregator = connected(agent_socket), connected(aggregator_socket)
        common(agent, "plimsoll-agent")
        common(aggregator, "plimsoll-aggregator")
        preamble = metrics(agent)
        metrics(aggregator)
        ingest(aggregator, preamble)
        scaling(aggregator)
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
    main(sys.argv[1], sys.argv[2])
    print("python3-grpcio agrees with both daemons")
