# SPDX-License-Identifier: Apache-2.0
"""python3-grpcio against lib/rpc. Knows no .proto: every message comes from server reflection."""
import signal
import socket
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

import served

REFLECTION = "/grpc.reflection.{}.ServerReflection/ServerReflectionInfo"
DEADLINE = 30


def field(number, text):
    """One protobuf string field, by hand: reflection is what we have no classes for yet."""
    return bytes([number << 3 | 2, len(text)]) + text.encode()


def fields(data):
    """(number, bytes) of the length-delimited fields of a message; varints are skipped."""
    position = 0

    def varint():
        nonlocal position
        shift = value = 0
        while True:
            byte = data[position]
            position += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while position < len(data):
        key = varint()
        if key & 7 == 0:
            varint()
        else:
            assert key & 7 == 2
            size = varint()
            yield key >> 3, data[position:position + size]
            position += size


def reflect(channel, version, *requests):
    call = channel.stream_stream(REFLECTION.format(version))
    return [dict(fields(answer)) for answer in call(iter(requests), timeout=DEADLINE)]


class Messages:
    """Classes of everything the server describes."""

    def __init__(self, channel, version):
        answers = reflect(channel, version, field(7, "*"))
        self.services = [dict(fields(s))[1].decode() for n, s in fields(answers[0][6]) if n == 1]
        known = [s for s in self.services if s != "test.Echo"]
        pool = descriptor_pool.DescriptorPool()
        seen = set()
        for answer in reflect(channel, version, *[field(4, s) for s in known]):
            for _, raw in fields(answer[4]):
                file = descriptor_pb2.FileDescriptorProto.FromString(raw)
                if file.name not in seen:
                    seen.add(file.name)
                    pool.Add(file)
        self.pool = pool
        self.factory = message_factory.MessageFactory(pool)

    def __getitem__(self, name):
        return self.factory.GetPrototype(self.pool.FindMessageTypeByName(name))


class Client:
    def __init__(self, channel, version="v1"):
        self.channel = channel
        self.messages = Messages(channel, version)
        self.query = self.messages["plimsoll.v1.Query"]
        self.batch = self.messages["plimsoll.v1.Batch"]

    def call(self, path, kind, request, response):
        maker = getattr(self.channel, kind)
        return maker(path, request_serializer=request.SerializeToString,
                     response_deserializer=response.FromString)

    def snapshot(self, **more):
        call = self.call("/plimsoll.v1.Metrics/Snapshot", "unary_unary", self.query, self.batch)
        since = more.pop("since", 42)
        return call(self.query(since_sequence=since), timeout=more.pop("timeout", DEADLINE), **more)


def code_of(call):
    try:
        call()
    except grpc.RpcError as error:
        return error.code(), error
    raise AssertionError("the call should have failed")


def every_kind(client):
    batch, query = client.batch, client.query
    assert client.snapshot().sequence == 42
    assert client.snapshot(compression=grpc.Compression.Gzip).sequence == 42
    watch = client.call("/plimsoll.v1.Metrics/Watch", "unary_stream", query, batch)
    assert [b.sequence for b in watch(query(since_sequence=50), timeout=DEADLINE)] == list(range(1, 51))
    report = client.call("/plimsoll.v1.Ingest/Report", "stream_stream", batch,
                         client.messages["plimsoll.v1.Directive"])
    sent = (batch(sequence=i) for i in range(1, 201))
    assert [d.ack.sequence for d in report(sent, timeout=DEADLINE)] == list(range(1, 201))
    collect = client.call("/test.Echo/Collect", "stream_unary", batch, batch)
    assert collect((batch(sequence=i) for i in range(70)), timeout=DEADLINE).sequence == 70
    open_watch = watch(query(since_sequence=3))
    assert [next(open_watch).sequence for _ in range(3)] == [1, 2, 3]
    open_watch.cancel()
    assert code_of(lambda: next(open_watch))[0] == grpc.StatusCode.CANCELLED


def errors(client):
    code, error = code_of(lambda: client.snapshot(since=404))
    assert (code, error.details()) == (grpc.StatusCode.NOT_FOUND, "no such second")
    rich = dict(error.trailing_metadata())["grpc-status-details-bin"]
    assert b"google.rpc.Help" in rich and b"ask for a later one" in rich
    assert code_of(lambda: client.snapshot(since=408, timeout=0.3))[0] == \
        grpc.StatusCode.DEADLINE_EXCEEDED
    raw = client.channel.unary_unary("/plimsoll.v1.Metrics/Nothing")
    code, error = code_of(lambda: raw(b"", timeout=DEADLINE))
    assert code == grpc.StatusCode.UNIMPLEMENTED and "/plimsoll.v1.Metrics/Nothing" in error.details()
    raw = client.channel.unary_unary("/plimsoll.v1.Metrics/Snapshot")
    assert code_of(lambda: raw(b"\xff\xff\xff", timeout=DEADLINE))[0] == \
        grpc.StatusCode.INVALID_ARGUMENT
    assert code_of(lambda: raw(bytes(5 << 20), timeout=DEADLINE))[0] == \
        grpc.StatusCode.RESOURCE_EXHAUSTED
    assert client.snapshot().sequence == 42


def health(client, process):
    request = client.messages["grpc.health.v1.HealthCheckRequest"]
    response = client.messages["grpc.health.v1.HealthCheckResponse"]
    check = client.call("/grpc.health.v1.Health/Check", "unary_unary", request, response)
    watch = client.call("/grpc.health.v1.Health/Watch", "unary_stream", request, response)
    assert check(request(), timeout=DEADLINE).status == 1
    assert code_of(lambda: check(request(service="no"), timeout=DEADLINE))[0] == \
        grpc.StatusCode.NOT_FOUND
    changes = watch(request(service="plimsoll.v1.Metrics"), timeout=DEADLINE)
    assert next(changes).status == 1
    process.send_signal(signal.SIGUSR1)
    assert next(changes).status == 2
    process.send_signal(signal.SIGUSR1)
    assert next(changes).status == 1
    changes.cancel()


def reflection(channel):
    for version in "v1", "v1alpha":
        services = Messages(channel, version).services
        assert "plimsoll.v1.Metrics" in services and "grpc.health.v1.Health" in services
        found, lost, file, extension, numbers = reflect(
            channel, version, field(4, "plimsoll.v1.Batch.epoch"), field(4, "plimsoll.v1.Batch.no"),
            field(3, "plimsoll/v1/metrics.proto"), bytes([5 << 3 | 2, 0]),
            field(6, "plimsoll.v1.Batch"))
        assert 4 in found and 4 in file and 7 in lost and 7 in extension and 5 in numbers


def plain(binary):
    with served.server(binary) as (port, _, process):
        with socket.create_connection(("127.0.0.1", port)) as stranger:
            stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                reflection(channel)
                client = Client(channel)
                every_kind(client)
                errors(client)
                health(client, process)


def read(folder, name):
    with open(f"{folder}/{name}", "rb") as file:
        return file.read()


def mutual_tls(binary):
    with served.server(binary, tls=True) as (port, folder, _):
        ca = read(folder, "ca.crt")
        credentials = grpc.ssl_channel_credentials(ca, read(folder, "client.key"),
                                                   read(folder, "client.crt"))
        with grpc.secure_channel(f"127.0.0.1:{port}", credentials) as channel:
            every_kind(Client(channel))
        with grpc.secure_channel(f"127.0.0.1:{port}", grpc.ssl_channel_credentials(ca)) as channel:
            raw = channel.unary_unary("/grpc.health.v1.Health/Check")
            assert code_of(lambda: raw(b"", timeout=DEADLINE))[0] == grpc.StatusCode.UNAVAILABLE
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            raw = channel.unary_unary("/grpc.health.v1.Health/Check")
            assert code_of(lambda: raw(b"", timeout=DEADLINE))[0] == grpc.StatusCode.UNAVAILABLE


if __name__ == "__main__":
    plain(sys.argv[1])
    mutual_tls(sys.argv[1])
    print("python3-grpcio", grpc.__version__, "agrees")
