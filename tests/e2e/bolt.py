# SPDX-License-Identifier: Apache-2.0
"""bolt.py BIN: the official driver of Neo4j for JavaScript, in a cgroup of its own, against a responder of ours (Neo4j itself is
not at hand): what plimsoll-agent counts of both is what the driver asked, to the query, in each version of Bolt."""
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "wire"))
import heard  # noqa: E402
from loads import until  # noqa: E402

WIRE = os.path.join(HERE, "..", "wire")
SERVER = heard.PIN + "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
N = 50


class World(heard.World):
    def __init__(self, folder, version):
        super().__init__("bolt")
        self.folder, self.port = folder, heard.free_port()
        self.serve(SERVER, os.path.join(WIRE, "bolt_responder.py"), str(self.port), *version)
        until("the server listens", lambda: heard.listens(self.port))

    def does(self, what, requests, times=N):
        """What the server and the driver count of something done so often, of which each makes so many requests."""
        before, n = self.now(self.server.cgroup), requests * times
        client, status, said = self.runs("", "node", os.path.join(self.folder, "bolt.js"), "", str(self.port), what, str(times))
        try:
            assert status == 0, said
            served, called = self.since(client, before, n, n)
        finally:
            client.end()
        assert (served["requests"], called["calls"]) == (n, n), (what, served, called, said)
        assert served["request_errors"] == called["call_errors"], (what, served, called)
        assert called["requests"] == served["calls"] == served["requests_untimed"] == called["calls_untimed"] == 0, (
            what, served, called)
        return served, called, json.loads(said.splitlines()[-1])


def queries_are_counted(w):
    for what, requests in ("query", 1), ("batches", 1), ("transaction", 4), ("rollback", 3):
        served, called, said = w.does(what, requests)
        assert served["request_errors"] + served["request_client_errors"] + said["failed"] == 0, (what, served, said)
        assert requests > 1 or called["call_ns"] <= said["took"], (what, called, said)  # BEGIN goes on while RUN waits
        print(f"  {what}: {served['request_ns'] / N / 1e6:.3f} ms of requests, {called['call_ns'] / N / 1e6:.3f} ms of calls, "
              f"{said['took'] / N / 1e6:.3f} ms says the driver")


def what_it_takes_is_what_the_driver_sees(w):
    served, called, said = w.does("sleep", 1, 20)
    assert 20 * 20e6 <= served["request_ns"] <= said["took"] and called["call_ns"] <= said["took"], (served, called, said)


def failures_are_told_by_whose_fault_they_are(w):
    served, _, said = w.does("wrong", 1)
    assert (said["failed"], served["request_errors"], served["request_client_errors"]) == (N, 0, N), (served, said)
    served, _, said = w.does("broken", 1)
    assert (said["failed"], served["request_errors"], served["request_client_errors"]) == (N, N, 0), (served, said)


def main():
    folder = os.path.join(os.path.abspath(sys.argv[1]), "..", "wire-node")
    if not shutil.which("npm"):
        print("SKIP: no npm; apt-get install nodejs npm")
        return 77
    subprocess.run(["bash", os.path.join(WIRE, "node_client.sh"), folder, "bolt.js"], check=True)
    for version in ("4", "4"), ("5", "4"), ("5", "8"):
        print(f"version {'.'.join(version)}", flush=True)
        status = heard.run(lambda v=version: World(folder, v), (
            queries_are_counted, what_it_takes_is_what_the_driver_sees, failures_are_told_by_whose_fault_they_are))
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
