# SPDX-License-Identifier: Apache-2.0
"""An aggregator of our own for one test, and agents written in Python: they share no code with ours."""
import contextlib
import importlib
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

import grpc

from loads import PATIENCE, until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COUNTERS = ("cpu_ns runq_wait_ns switches memory_usage_bytes memory_working_set_bytes "
            "memory_limit_bytes psi_cpu_some_ns psi_cpu_full_ns psi_memory_some_ns "
            "psi_memory_full_ns psi_io_some_ns psi_io_full_ns").split()
SECOND = 10**9
LATER = 240  # the first bucket of hist_later_bucket


@contextlib.contextmanager
def folder():
    """A temporary folder with the messages of proto/ generated in it; yields (path, metrics, status)."""
    path = tempfile.mkdtemp(prefix="plimsoll-wire.")
    os.chmod(path, 0o711)  # agents leave root, and have their sockets and keys below
    try:
        subprocess.run(["protoc", "-I" + os.path.join(ROOT, "proto"), "--python_out=" + path,
                        "plimsoll/v1/metrics.proto", "plimsoll/v1/status.proto"],
                       check=True, cwd=os.path.join(ROOT, "proto"))
        sys.path.insert(0, path)
        yield (path, importlib.import_module("plimsoll.v1.metrics_pb2"),
               importlib.import_module("plimsoll.v1.status_pb2"))
    finally:
        shutil.rmtree(path, ignore_errors=True)


def counts(batch):
    """Every bucket as {(row, bucket): count}."""
    c = batch.columns
    return {(c.row[i], bucket): count for part in ("hist_", "hist_later_") for i, bucket, count in zip(
        *(getattr(c, part + column) for column in ("row", "bucket", "count")), strict=True)}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Process:
    def __init__(self, command, log):
        self.log = log
        with open(log, "ab") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def end(self, how=signal.SIGTERM, code=0):
        self.process.send_signal(how)
        got = self.process.wait(timeout=PATIENCE)
        want = code if how == signal.SIGTERM else -how
        assert got == want, f"ended with {got}, not {want}:\n{open(self.log).read()}"

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Aggregator(Process):
    """The real one, on ports of its own, below `path`; `command` executes it, such as unshare."""

    def __init__(self, binary, path, status, *more, port=None, command=()):
        self.path, self.status_messages = path, status
        self.port, self.http = port or free_port(), free_port()
        self.socket = os.path.join(path, "aggregator.sock")
        self.state, self.tls = os.path.join(path, "state"), os.path.join(path, "tls")
        super().__init__([*command, binary, "--config", "", "--listen", f"127.0.0.1:{self.port}",
                          "--http", f"127.0.0.1:{self.http}", "--socket", self.socket,
                          "--state-dir", self.state, "--tls-dir", self.tls, *more],
                         os.path.join(path, "aggregator.log"))
        until("the aggregator", self.answers)

    def answers(self):
        assert self.process.poll() is None, open(self.log).read()
        try:
            return self.get("/livez")[0] == 200
        except OSError:
            return False

    def get(self, path, method="GET"):
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}{path}", method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode(), e.headers

    def local(self):
        return grpc.insecure_channel("unix:" + self.socket)

    def channel(self, name="agent", ca=None, **options):
        """Mutual TLS with the certificate `name`; None: without one of our own."""
        def pem(file):
            with open(os.path.join(self.tls, file), "rb") as f:
                return f.read()
        credentials = grpc.ssl_channel_credentials(
            ca or pem("ca.crt"), *((pem(name + ".key"), pem(name + ".crt")) if name else ()))
        return grpc.secure_channel(f"127.0.0.1:{self.port}", credentials, list(options.items()))

    def counters(self):
        with self.local() as c:
            answer = c.unary_unary("/plimsoll.v1.Status/Get")(b"", timeout=PATIENCE)
        status = self.status_messages.StatusResponse.FromString(answer)
        return {c.name.removeprefix("aggregator_"): c.value for c in status.counter}

    def wait(self, name, least):
        return until(f"{name} >= {least}",
                        lambda: self.counters()[name] >= least and self.counters())


class Agent:
    """One Report stream."""

    def __init__(self, channel, metrics, node="node-a", epoch=7, patience=PATIENCE * 2):
        self.channel, self.m, self.node, self.epoch = channel, metrics, node, epoch
        self.out = queue.Queue()
        self.call = channel.stream_stream("/plimsoll.v1.Ingest/Report",
                                          response_deserializer=metrics.Directive.FromString)(
            iter(self.out.get, None), timeout=patience)

    def send(self, batch):
        self.out.put(batch if isinstance(batch, bytes) else batch.SerializeToString())

    def receive(self):
        return next(self.call)

    def preamble(self, rows=3):
        b = self.m.Batch(wire_version=1, epoch=self.epoch, boottime_ns=SECOND, live_rows=rows)
        b.source.node, b.source.boot_id, b.source.agent_version = self.node, "boot", "0"
        b.source.interval_ns, b.source.cpus, b.source.memory_bytes = SECOND, 2, 1 << 30
        self.name(b, range(1, rows + 1))
        return b

    def name(self, batch, rows):
        for row in rows:
            batch.dictionary.add(row=row, kind=4, cgroup=f"/app/{row}", name=str(row))

    def second(self, sequence, rows=(1, 2, 3), keyframe=False):
        b = self.m.Batch(wire_version=1, epoch=self.epoch, sequence=sequence, keyframe=keyframe,
                         boottime_ns=(sequence + 1) * SECOND, wall_unix_ns=1, live_rows=3)
        for row in rows:
            b.columns.row.append(row)
            b.columns.flags.append(0)
            for counter in COUNTERS:
                getattr(b.columns, counter).append(sequence * 10**7 * row)
        return b

    @staticmethod
    def count(batch, place, bucket, count):
        """A bucket of the row at `place`; those of histograms that came later stand apart."""
        part = "hist_later_" if bucket >= LATER else "hist_"
        for column, value in (("row", place), ("bucket", bucket), ("count", count)):
            getattr(batch.columns, part + column).append(value)

    def hello(self):
        self.send(self.preamble())
        return self.receive().resume

    def code(self):
        """How the call ended."""
        try:
            for _ in self.call:
                pass
        except grpc.RpcError:
            pass
        return self.call.code()

    def close(self):
        self.out.put(None)
        code = self.code()
        self.channel.close()
        return code
