# SPDX-License-Identifier: Apache-2.0
"""redis.py BIN: a real Redis and its own clients, each in a cgroup of its own: what plimsoll-agent counts of both is what
the server counted of each command, to the command, pipelined or not; errors as errors, and what waits on purpose untimed."""
import os
import re
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))
import heard  # noqa: E402
from loads import until  # noqa: E402

N = 10000

SERVER = heard.PIN + """
os.execv(sys.argv[1], ["redis-server", "--port", sys.argv[2], "--bind", "127.0.0.1", "--save", "", "--dir", sys.argv[3]])
"""


class World(heard.World):
    def __init__(self, programs):
        super().__init__("redis")
        self.programs = programs
        self.port = heard.free_port()
        self.serve(SERVER, programs["redis-server"], str(self.port), self.dir)
        until("the server listens", lambda: heard.listens(self.port))

    def commands(self):
        """What the server counted before this, by name; the question itself is counted after it."""
        with socket.create_connection(("127.0.0.1", self.port)) as s:
            s.sendall(b"*2\r\n$4\r\nINFO\r\n$12\r\ncommandstats\r\n")
            text = b""
            while not re.match(rb"\$(\d+)\r\n", text) or len(text) < int(text[1:text.index(b"\r")]):
                text += s.recv(65536)
        return {name.decode(): int(calls) for name, calls in re.findall(rb"cmdstat_(\S+):calls=(\d+)", text)}

    def asked(self, lines, *command):
        """What the server and this client count of one command with its input; what the server says it was asked."""
        before, asked = self.now(self.server.cgroup), self.commands()
        client, status, said = self.runs(lines, *command)
        try:
            assert status in (0, 124), (command, said)  # 124: timeout(1) ended what would not end by itself
            now = self.commands()
            asked = {k: n - asked.get(k, 0) for k, n in now.items() if n > asked.get(k, 0)}
            n = sum(asked.values())  # one INFO of ours, as many as are in what our side counted
            served, called = self.since(client, before, n + 1, n - 1)
        finally:
            client.end()
        assert served["requests"] == n + 1, (command, served, asked)
        assert called["calls"] == n - 1, (command, called, asked)
        assert served["request_client_errors"] == called["requests"] == served["calls"] == 0, (command, served, called)
        assert served["request_errors"] == called["call_errors"], (command, served, called)
        return served, called, asked, said

    def benchmark(self, *options):
        return self.asked("", self.programs["redis-benchmark"], "-p", str(self.port), "-n", str(N), "--csv", *options)

    def cli(self, lines, *options):
        return self.asked(lines, "timeout", "3", self.programs["redis-cli"], "-p", str(self.port), *options)


def benchmarks_are_counted_to_the_command(w):
    for options in (("-t", "ping_inline"), ("-t", "set"), ("-t", "get", "-P", "16"), ("-t", "lrange_100", "-P", "16"),
                    ("-t", "set", "-P", "16", "-d", "3000")):
        served, called, asked, said = w.benchmark(*options)
        assert N in asked.values(), (options, asked)
        assert served["request_errors"] == served["requests_untimed"] == called["calls_untimed"] == 0, (options, served)
        assert called["call_ns"] > 0 and served["request_ns"] > 0, (options, served, called)
        print(f"  {' '.join(options)}: {served['request_ns'] / served['requests'] / 1e6:.3f} ms a request, "
              f"{called['call_ns'] / called['calls'] / 1e6:.3f} ms a call; {said.splitlines()[-1]}")


def deep_pipelines_are_counted(w):
    served, called, asked, _ = w.benchmark("-t", "set", "-P", "100")
    assert asked["set"] == N, asked
    assert served["requests_untimed"] > 0 and called["calls_untimed"] > 0, (served, called)


def errors_are_errors(w):
    lines = "SET a b\nINCR a\nMULTI\nINCR a\nEXEC\nGET a\n"  # an error within the reply of EXEC is none of EXEC
    for options in ((), ("-3",)):
        served, _, asked, said = w.cli(lines, *options)
        assert served["request_errors"] == 1 and served["requests_untimed"] == 0, (options, served, asked, said)


def large_and_nested_replies_are_read_to_their_end(w):
    for options in ((), ("-3",)):
        served, _, asked, said = w.cli("COMMAND\nCOMMAND DOCS\nPING\nXADD s * a 1\nXRANGE s - +\nPING\n", *options)
        assert served["request_errors"] == 0 and asked["ping"] == 2, (options, served, asked, said)


def who_waits_on_purpose_is_not_slow(w):
    served, _, asked, said = w.cli("BLPOP q 1\nXREAD BLOCK 200 STREAMS none $\nXREAD STREAMS none 0\nPING\n")
    assert served["requests_untimed"] == 2 and asked["blpop"] == 1, (served, asked, said)


def who_subscribes_leaves(w):
    served, called, asked, said = w.cli("", "SUBSCRIBE", "a", "b")
    assert asked["subscribe"] == 1, (asked, said)
    assert served["requests_untimed"] == called["calls_untimed"] == 1, (served, called)


def main():
    programs = heard.programs("usr/bin", "redis-server", "redis-benchmark", "redis-cli")
    if not programs:
        print("SKIP: redis is neither in build/peers (./dev test unpacks it there) nor installed")
        return 77
    return heard.run(lambda: World(programs), (
        benchmarks_are_counted_to_the_command, deep_pipelines_are_counted, errors_are_errors,
        large_and_nested_replies_are_read_to_their_end, who_waits_on_purpose_is_not_slow, who_subscribes_leaves))


if __name__ == "__main__":
    sys.exit(main())
