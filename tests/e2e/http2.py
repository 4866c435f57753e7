# SPDX-License-Identifier: Apache-2.0
"""http2.py BIN: nghttpd and h2load, and a server and a client of gRPC, each in a cgroup of its own: what plimsoll-agent
says of both is what the client counted, to the request, one stream at a time and many at once; errors are those that the
server answered with, those of gRPC too; and the times are near the client's."""
import json
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))
import heard  # noqa: E402
from heard import NAMES, PIN, RUN  # noqa: E402
from loads import Load, until  # noqa: E402

LARGE = 1 << 20
WORK = 0.05  # seconds that a slow call takes

WEB = PIN + "os.execv(sys.argv[1], ['nghttpd', '--no-tls', '-a', '127.0.0.1', '-m', '400', '-d', sys.argv[3], sys.argv[2]])"
GRPC_SERVER = PIN + f"""
import grpc
from concurrent import futures
class Handler(grpc.GenericRpcHandler):
    def service(self, details):
        what, _, code = details.method.rpartition("/")[2].partition("-")
        def one(request, context):
            if what == "slow": time.sleep({WORK})
            if what == "late": time.sleep({WORK} * 20)
            if what == "fail": context.abort(next(c for c in grpc.StatusCode if c.value[0] == int(code)), "as told")
            return request
        def many(request, context):
            for i in range(10):
                time.sleep({WORK} / 10)
                yield request
        if what == "none": return None
        return grpc.unary_stream_rpc_method_handler(many) if what == "many" else grpc.unary_unary_rpc_method_handler(one)
server = grpc.server(futures.ThreadPoolExecutor(16), handlers=(Handler(),))
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(port, flush=True)
server.wait_for_termination()
"""
GRPC_CLIENT = PIN + """
import grpc, json, threading
port, what, n, threads, timeout = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
channel = grpc.insecure_channel("127.0.0.1:" + port)
times, codes = [], {}
def call(i):
    t = time.monotonic()
    try:
        if what == "many": assert len(list(channel.unary_stream("/a/" + what)(b"hello"))) == 10
        else: channel.unary_unary("/a/" + what.replace("#", str(i % 16 + 1)))(b"hello" * 100, timeout=timeout or None)
        code = 0
    except grpc.RpcError as error:
        code = error.code().value[0]
    times.append(time.monotonic() - t)
    codes[code] = codes.get(code, 0) + 1
def calls():
    for i in range(n): call(i)
them = [threading.Thread(target=calls) for i in range(threads)]
for t in them: t.start()
for t in them: t.join()
print(json.dumps([sum(times), codes]), flush=True)
time.sleep(1000)
"""


class World(heard.World):
    def __init__(self, programs):
        super().__init__("http2")
        self.programs, self.web_port = programs, heard.free_port()
        os.mkdir(os.path.join(self.dir, "root"))
        for name, size in (("small", 10), ("large", LARGE)):
            with open(os.path.join(self.dir, "root", name), "wb") as f:
                f.write(b"x" * size)
        self.serve(GRPC_SERVER)
        self.port = int(self.server.process.stdout.readline())
        self.web = Load(self.top + "/web", WEB, programs["nghttpd"], str(self.web_port), os.path.join(self.dir, "root"))
        until("nghttpd listens", lambda: heard.listens(self.web_port))

    def end(self):
        self.web.end()
        super().end()

    def asked(self, server, n, code, *argv):
        """What both sides count more of n requests that a client makes; and what it says."""
        before = self.now(server.cgroup)
        client = self.client(code, *argv)
        try:
            said = client.process.stdout.readline().decode()
            if code is RUN:
                status, size = map(int, said.split())
                said = client.process.stdout.read(size).decode()
                assert status == 0, (argv, said)
            served, called = self.both(server, client, before, n)
        finally:
            client.end()
        served = {k: served[k] - before[k] for k in NAMES}
        assert served["requests"] == called["calls"] == n, (argv, served, called, said)
        assert served["calls"] == called["requests"] == 0, (argv, served, called)
        assert served["request_errors"] == called["call_errors"], (argv, served, called)
        return served, called, said

    def both(self, server, client, before, n):
        """All of them, or what it is when nothing changes any more."""
        seen = None
        while True:
            now = self.now(server.cgroup), self.now(client.cgroup)
            if now == seen or (now[0]["requests"] - before["requests"] >= n and now[1]["calls"] >= n):
                return now
            seen = now
            time.sleep(2)

    def load(self, path, n, *options):
        served, called, said = self.asked(self.web, n, RUN, "", self.programs["h2load"], "-n", str(n), *options,
                                          f"http://127.0.0.1:{self.web_port}/{path}")
        assert f"{n} done" in said, said
        return served, called, said

    def calls(self, what, n, threads=1, timeout=0.0):
        """Also the seconds that the client says, and how often it got each code."""
        served, called, said = self.asked(self.server, n * threads, GRPC_CLIENT, str(self.port), what, str(n), str(threads),
                                          str(timeout))
        seconds, codes = json.loads(said)
        return served, called, seconds, {int(k): v for k, v in codes.items()}


def assert_timed(served, called, seconds):
    assert served["requests_untimed"] == called["calls_untimed"] == 0, (served, called)
    assert 0 < served["request_ns"] <= called["call_ns"] <= seconds * 1e9, (served, called, seconds)


def benchmarks_are_counted_to_the_request(w):
    for path, n, options in (("small", 2000, ("-m", "1")), ("small", 5000, ("-m", "32")), ("large", 50, ("-m", "10")),
                             ("small", 5000, ("-m", "32", "-c", "10")), ("small", 2000, ("-m", "100", "-d", __file__))):
        served, called, said = w.load(path, n, *options)
        assert re.search(rf"status codes: {n} 2xx", said), said
        assert served["request_errors"] == served["request_client_errors"] == 0, (options, served)
        assert served["requests_untimed"] == called["calls_untimed"] == 0, (options, served, called)
        mean = re.search(r"time for request: +\S+ +\S+ +(\S+)", said)[1]
        print(f"  {path} {' '.join(options)}: {served['request_ns'] / n / 1e6:.3f} ms a request, "
              f"{called['call_ns'] / n / 1e6:.3f} ms a call; h2load says {mean}")


def more_at_once_than_are_kept_are_counted(w):
    served, called, _ = w.load("small", 5000, "-m", "300")
    assert served["requests_untimed"] > 0 and called["calls_untimed"] > 0, (served, called)
    print(f"  300 at once: {served['requests_untimed']} and {called['calls_untimed']} of 5000 have no time")


def what_is_not_there_is_a_clients_error(w):
    served, _, _ = w.load("nothing", 500, "-m", "8")
    assert served["request_client_errors"] == 500 and served["request_errors"] == 0, served


def calls_are_counted_and_timed(w):
    for what, n, threads in (("ok", 200, 1), ("ok", 50, 8), ("slow", 10, 8), ("many", 10, 4)):
        served, called, seconds, codes = w.calls(what, n, threads)
        assert codes == {0: n * threads}, (what, codes)
        assert served["request_errors"] == served["request_client_errors"] == 0, (what, served)
        assert_timed(served, called, seconds)
        if what != "ok":
            assert served["request_ns"] >= WORK * 0.98e9 * n * threads, (what, served)
        print(f"  {what}, {threads} at once: {served['request_ns'] / n / threads / 1e6:.3f} ms a request, "
              f"{called['call_ns'] / n / threads / 1e6:.3f} ms a call; the client says {seconds / n / threads * 1e3:.3f} ms")


def errors_are_whose_fault_they_are(w):
    served, called, seconds, codes = w.calls("fail-#", 7 * 16)  # each code of gRPC but that of success
    assert codes == dict.fromkeys(range(1, 17), 7), codes
    assert served["request_errors"] == 6 * 7 and served["request_client_errors"] == 10 * 7, served
    assert_timed(served, called, seconds)
    served, _, _, codes = w.calls("none", 7)
    assert codes == {12: 7} and served["request_errors"] == 7, (codes, served)  # UNIMPLEMENTED, without a body


def who_gives_up_waited(w):
    served, called, seconds, codes = w.calls("late", 5, 2, WORK * 2)
    assert codes == {4: 10}, codes
    assert served["request_errors"] + served["request_client_errors"] == 10, served
    assert served["request_ns"] >= WORK * 1.8e9 * 10 and called["call_ns"] <= seconds * 1e9, (served, called, seconds)


def main():
    programs = heard.programs("usr/bin usr/sbin", "nghttpd", "h2load")
    if not programs:
        print("SKIP: nghttp2 is neither in build/peers (./dev test unpacks it there) nor installed")
        return 77
    return heard.run(lambda: World(programs), (
        benchmarks_are_counted_to_the_request, more_at_once_than_are_kept_are_counted, what_is_not_there_is_a_clients_error,
        calls_are_counted_and_timed, errors_are_whose_fault_they_are, who_gives_up_waited))


if __name__ == "__main__":
    sys.exit(main())
