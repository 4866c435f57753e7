# SPDX-License-Identifier: Apache-2.0
"""The aggregator's border, with agents that share no code with it: what it must take, what it must not."""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys

import grpc

import fleet
from fleet import SECOND, Agent
from loads import until

binary = sys.argv[1]


def streams_resume(a, m):
    agent = Agent(a.channel(), m)
    resume = agent.hello()
    assert (resume.epoch, resume.sequence) == (7, 0), resume
    for i in range(1, 6):
        agent.send(agent.second(i, keyframe=i == 1))
    ack = agent.receive().ack  # the first second at once, the others together within a second
    assert ack.epoch == 7 and 1 <= ack.sequence <= 5, ack
    a.wait("batches_total", 5)
    assert agent.close() == grpc.StatusCode.OK
    agent = Agent(a.channel(), m)
    assert agent.hello().sequence == 5
    agent.send(agent.second(5))
    agent.send(agent.second(6))
    c = a.wait("batches_total", 6)
    assert c["duplicates_total"] == 1 and c["gaps_total"] == 0 and c["refused_total"] == 0, c
    agent.send(agent.second(9))
    c = a.wait("batches_total", 7)
    assert c["gaps_total"] == 2, c
    assert c["agents"] == 1 and c["rows"] == 3, c
    agent.close()


def a_newer_stream_wins(a, m):
    one = Agent(a.channel(), m, epoch=8)
    one.hello()
    two = Agent(a.channel(), m, epoch=8)
    two.hello()
    assert one.code() == grpc.StatusCode.ABORTED
    assert "newer stream" in one.call.details()
    two.send(two.second(1, keyframe=True))
    assert two.receive().ack.sequence == 1
    assert a.counters()["streams_replaced_total"] == 1
    one.channel.close()
    two.close()


def lies_are_refused(a, m):
    before = a.counters()
    agent = Agent(a.channel(), m, node="liar", epoch=9)
    agent.hello()
    agent.send(agent.second(1, keyframe=True))
    back = agent.second(2)
    back.boottime_ns = 1
    agent.send(back)
    short = agent.second(3)
    del short.columns.switches[0]
    agent.send(short)
    agent.send(agent.second(4, rows=(1, 2, 2)))
    agent.send(agent.second(5, rows=(1, 99)))
    fell = agent.second(6)
    fell.columns.cpu_ns[0] = 0
    agent.send(fell)
    much = agent.second(7)
    much.columns.cpu_ns[1] += 3600 * SECOND
    agent.send(much)
    foreign = agent.second(8)
    foreign.epoch = 1
    agent.send(foreign)
    named = agent.second(9, rows=(1,))
    named.dictionary.add(row=4, cgroup="relative", name="x")
    agent.send(named)
    agent.send(agent.second(9))
    after = a.wait("refused_total", before["refused_total"] + 9)
    for why in ("time shape duplicate_row unknown_row counter_fell cpu_time epoch dictionary "
                "sequence").split():
        name = f"refused_{why}_total"
        assert after[name] == before[name] + 1, (why, before[name], after[name])
    agent.close()


def newer_wires_are_refused(a, m):
    agent = Agent(a.channel(), m)
    b = agent.preamble()
    b.wire_version = 99
    agent.send(b)
    assert agent.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert "upgrade the aggregator first" in agent.call.details(), agent.call.details()
    assert a.counters()["refused_wire_version_total"] == 1
    agent.channel.close()


def garbage(a, m):
    before = a.counters()
    agent = Agent(a.channel(), m)
    agent.send(b"\xff" * 100)
    assert agent.code() == grpc.StatusCode.INVALID_ARGUMENT, agent.code()
    agent.channel.close()
    agent = Agent(a.channel(), m)
    agent.send(agent.second(1))  # no preamble
    assert agent.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "preamble" in agent.call.details()
    agent.channel.close()
    agent = Agent(a.channel(), m)
    agent.send(b"\x00" * (5 << 20))
    assert agent.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, agent.code()
    agent.channel.close()
    after = a.counters()
    assert after["decode_errors_total"] == before["decode_errors_total"] + 1
    assert after["too_large_total"] == before["too_large_total"] + 1
    assert after["refused_order_total"] == before["refused_order_total"] + 1


def strangers(a, m):
    before = a.counters()
    with socket.create_connection(("127.0.0.1", a.port)) as s:
        s.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 64)
        s.settimeout(fleet.PATIENCE)
        assert not s.recv(100).startswith(b"\0\0"), "an HTTP/2 frame without TLS"
    with grpc.insecure_channel(f"127.0.0.1:{a.port}") as c:
        code = call_code(c)
    assert code == grpc.StatusCode.UNAVAILABLE, code
    with a.channel(name=None) as c:
        assert call_code(c) == grpc.StatusCode.UNAVAILABLE
    a.wait("handshake_errors_total", before["handshake_errors_total"] + 3)
    # A good certificate of somebody who is no agent.
    agent = Agent(a.channel("ctl"), m)
    agent.send(agent.preamble())
    assert agent.code() == grpc.StatusCode.PERMISSION_DENIED
    assert a.counters()["refused_identity_total"] == 1
    agent.channel.close()
    with a.channel("ctl") as c:  # who may read
        assert c.unary_unary("/plimsoll.v1.Status/Get")(b"", timeout=fleet.PATIENCE)


def call_code(channel):
    try:
        channel.unary_unary("/plimsoll.v1.Status/Get")(b"", timeout=fleet.PATIENCE)
        return grpc.StatusCode.OK
    except grpc.RpcError as e:
        return e.code()


def readers_see_the_fleet(a, m):
    agents = [Agent(a.channel(), m, node=n, epoch=e) for n, e in (("w1", 21), ("w2", 22))]
    for agent in agents:
        agent.hello()
        first = agent.second(1, keyframe=True)
        for place, bucket, count in ((0, 7, 2), (0, 50, 3), (1, 240, 4), (1, 260, 5), (1, 9999, 6)):
            agent.count(first, place, bucket, count)
        agent.send(first)
        assert agent.receive().ack.sequence == 1
    with a.local() as c:
        watch = c.unary_stream("/plimsoll.v1.Metrics/Watch", m.Query.SerializeToString,
                               m.Batch.FromString)
        every = watch(m.Query(node=["w1", "w2"]), timeout=fleet.PATIENCE)
        some = watch(m.Query(node=["w1"], cgroup=["/app/2"]), timeout=fleet.PATIENCE)
        first = {b.source.node: b for b in (next(every), next(every))}
        assert sorted(first) == ["w1", "w2"]
        for b in first.values():
            assert b.keyframe and sorted(b.columns.row) == [1, 2, 3] and len(b.dictionary) == 3, b
            assert fleet.counts(b) == {(1, 7): 2, (1, 50): 3, (2, 240): 4, (2, 260): 5}, b  # 9999: of a newer agent
        b = next(some)
        assert [d.cgroup for d in b.dictionary] == ["/app/2"] and list(b.columns.row) == [2], b
        assert list(b.columns.cpu_ns) == [2 * 10**7]
        new = agents[0].second(2, rows=(3,))
        agents[0].count(new, 0, 60, 8)
        agents[0].name(new, (4,))
        new.gone.append(1)
        agents[0].send(new)
        b = next(every)
        assert (b.source.node, b.epoch, b.sequence) == ("w1", 21, 2) and not b.keyframe, b
        assert list(b.columns.row) == [3] and list(b.gone) == [1] and b.live_rows == 3, b
        assert [d.row for d in b.dictionary] == [4] and fleet.counts(b) == {(3, 60): 8}, b
        b = next(some)
        assert list(b.columns.row) == [2] and b.sequence == 2, b
        assert a.counters()["watches"] == 2
        every.cancel()
        some.cancel()
        snapshot = c.unary_unary("/plimsoll.v1.Metrics/Snapshot", m.Query.SerializeToString,
                                 m.Batch.FromString)
        b = snapshot(m.Query(node=["w1"]), timeout=fleet.PATIENCE)
        assert b.sequence == 0 and sorted(d.row for d in b.dictionary) == [2, 3, 4], b
        for query, code in ((m.Query(), grpc.StatusCode.INVALID_ARGUMENT),
                            (m.Query(node=["nobody"]), grpc.StatusCode.NOT_FOUND)):
            try:
                snapshot(query, timeout=fleet.PATIENCE)
                raise AssertionError("a snapshot of " + str(query))
            except grpc.RpcError as e:
                assert e.code() == code, e
    until("the watches' end", lambda: a.counters()["watches"] == 0)
    for agent in agents:
        agent.close()


def http_tells_and_nothing_else(a):
    status, text, headers = a.get("/metrics")
    assert status == 200 and headers["Content-Type"].startswith("application/openmetrics-text")
    assert text.endswith("# EOF\n")
    assert re.search(r"^plimsoll_aggregator_refused_time_total 1$", text, re.M), text
    families = re.findall(r"^# TYPE (\S+) ", text, re.M)
    assert len(families) == len(set(families))
    assert a.get("/metrics", "HEAD")[:2] == (200, "")
    assert a.get("/readyz")[:2] == (200, "ok\n")
    assert a.get("/nowhere")[0] == 404
    status, text, headers = a.get("/livez", "POST")
    assert status == 405 and headers["Allow"] == "GET, HEAD", (status, text)


def health(a):
    with a.local() as c:
        return c.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=fleet.PATIENCE)


def state_may_fail_for_a_while(a):
    shutil.rmtree(a.state)
    assert until("not ready", lambda: a.get("/readyz")[0] == 503)
    assert "cannot keep state in " + a.state in a.get("/readyz")[1]
    assert a.get("/livez")[0] == 200
    assert health(a) == b"\x08\x02"  # NOT_SERVING
    os.mkdir(a.state)
    until("ready", lambda: a.get("/readyz")[0] == 200)
    assert health(a) == b"\x08\x01"
    assert a.counters()["state_failures_total"] >= 1


POLICY = """apiVersion: plimsoll.io/v1alpha1
kind: ScalingPolicy
metadata: {{name: {0}}}
spec:
  target: {{cgroup: "/{0}/*", cpuRequest: 1}}
  maxReplicas: 3
  metrics: [{{type: Resource, resource: {{name: cpu, target: {{averageUtilization: 50}}}}}}]
"""


def brakes_say_when_they_do_not_last(a):
    """A pause that cannot be written down is an error, though it holds for now."""
    def pause():
        with a.local() as c:
            c.unary_unary("/plimsoll.v1.Scaling/Pause")(b"\x0a\x03one", timeout=fleet.PATIENCE)
    shutil.rmtree(a.state)
    try:
        pause()
        raise AssertionError("the pause should have been refused")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNAVAILABLE, error
        assert "cannot be written down" in error.details(), error.details()
    assert a.counters()["paused"] == 1
    os.mkdir(a.state)
    until("what waited", lambda: a.counters()["decisions_waiting"] == 0)
    pause()


def policies_are_read_again(path, status):
    """On SIGHUP; and a set with an error in it changes nothing."""
    folder = os.path.join(path, "again")
    policies = os.path.join(folder, "policies")
    os.makedirs(policies)

    def write(name, text):
        with open(os.path.join(policies, name + ".yaml"), "w") as f:
            f.write(text)
    write("one", POLICY.format("one"))
    a = fleet.Aggregator(binary, folder, status, "--policy", policies)
    try:
        assert a.counters()["policies"] == 1
        write("two", POLICY.format("two"))
        a.process.send_signal(signal.SIGHUP)
        until("two policies", lambda: a.counters()["policies"] == 2)
        write("three", POLICY.format("three").replace("maxReplicas", "maxReplica"))
        a.process.send_signal(signal.SIGHUP)
        until("the error", lambda: a.counters()["policy_errors_total"] == 1)
        assert a.counters()["policies"] == 2
        with open(a.log) as log:
            assert "three.yaml:6:3" in log.read()
        brakes_say_when_they_do_not_last(a)
        a.end()
    finally:
        a.kill()


def decisions_outlive_a_kill(path, metrics, status):
    folder = os.path.join(path, "killed")
    os.makedirs(folder)
    with open(os.path.join(folder, "app.yaml"), "w") as f:
        f.write(POLICY.format("app").replace("maxReplicas: 3", "minReplicas: 5\n  maxReplicas: 9"))

    def start():
        return fleet.Aggregator(binary, folder, status, "--policy", os.path.join(folder, "app.yaml"))

    def decisions(a):
        with a.local() as c:
            return c.unary_unary("/plimsoll.v1.Scaling/ListDecisions")(b"", timeout=fleet.PATIENCE)
    a = start()
    try:
        agent = Agent(a.channel(), metrics)
        agent.hello()
        agent.send(agent.second(1, keyframe=True))  # 3 rows of the 5 that it needs: no load is needed
        a.wait("decisions_total", 1)
        before = decisions(a)
        assert b"d-1" in before and b"observed" in before, before
        a.end(signal.SIGKILL)
        agent.channel.close()
        a = start()
        assert decisions(a) == before
        agent = Agent(a.channel(), metrics)
        assert agent.hello().sequence == 0  # it holds none of the samples, so it asks for all of them
        agent.send(agent.second(1, keyframe=True))
        a.wait("decisions_total", 1)
        assert b"d-2" in decisions(a)  # the numbers go on
        agent.close()
        a.end()
    finally:
        a.kill()


def starts_that_fail(a, path):
    def start(*flags, says=""):
        r = subprocess.run([binary, "--config", "", *flags], capture_output=True, text=True,
                           timeout=fleet.PATIENCE)
        assert "fix:" in r.stderr and says in r.stderr, r.stderr
        return r.returncode
    there = ("--state-dir", a.state, "--tls-dir", a.tls)
    other = os.path.join(path, "other.sock")
    assert start("--listen", f"127.0.0.1:{a.port}", "--http", "", "--socket", other, *there) == 1
    assert start("--listen", "127.0.0.1:0", "--http", f"127.0.0.1:{a.http}", "--socket", other,
                 *there) == 1
    assert start("--listen", "127.0.0.1:0", "--http", "", "--socket", a.socket, *there) == 1
    assert start("--listen", "127.0.0.1:0", "--http", "", "--socket", "/proc/none/a.sock", "--tls-dir", a.tls,
                 "--state-dir", os.path.join(path, "second"),
                 says="cannot make the directory /proc/none for the socket") == 1
    assert start("--listen", "127.0.0.1:0", "--http", "", "--socket", "", "--tls-dir", a.tls,
                 "--state-dir", "/proc/none") == 1
    assert start("--tick", "1ms") == 2
    assert start("--tls-cert", "x") == 2
    assert start("word") == 2
    assert a.get("/readyz")[0] == 200


with fleet.folder() as (path, metrics, status):
    aggregator = fleet.Aggregator(binary, path, status)
    try:
        streams_resume(aggregator, metrics)
        a_newer_stream_wins(aggregator, metrics)
        lies_are_refused(aggregator, metrics)
        newer_wires_are_refused(aggregator, metrics)
        garbage(aggregator, metrics)
        strangers(aggregator, metrics)
        readers_see_the_fleet(aggregator, metrics)
        http_tells_and_nothing_else(aggregator)
        state_may_fail_for_a_while(aggregator)
        starts_that_fail(aggregator, path)
        aggregator.end()
    finally:
        aggregator.kill()
    policies_are_read_again(path, status)
    decisions_outlive_a_kill(path, metrics, status)
print("aggregator: the border holds")
