# SPDX-License-Identifier: Apache-2.0
"""one_machine.py BIN: agent and aggregator, both started by root, speak over unix sockets: the agent is user plimsoll
by then and may report, and nothing else. Machine's lists of users are hidden by others in mount name spaces."""
import os
import re
import signal
import stat
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))
import fleet  # noqa: E402
import grpc  # noqa: E402
from loads import PATIENCE, until  # noqa: E402
from own_agent import Agent  # noqa: E402

BIN = os.path.abspath(sys.argv[1])
AGENT, AGGREGATOR = os.path.join(BIN, "plimsoll-agent"), os.path.join(BIN, "plimsoll-aggregator")
NUMBER = 64991  # of user and group plimsoll in these name spaces


class Users:
    """Lists with or without plimsoll, and a command that executes another among them."""

    def __init__(self, path, name, there):
        self.command = ["unshare", "-m", "sh", "-c"]
        binds = []
        for file, line in (("passwd", f"plimsoll:x:{NUMBER}:{NUMBER}::/:/usr/sbin/nologin\n"),
                           ("group", f"plimsoll:x:{NUMBER}:\n")):
            copy = os.path.join(path, f"{name}-{file}")
            with open("/etc/" + file, encoding="utf-8") as f, open(copy, "w", encoding="utf-8") as to:
                to.writelines(x for x in f if not x.startswith("plimsoll:"))
                to.write(line if there else "")
            binds.append(f"mount --bind {copy} /etc/{file}")
        self.command.append(" && ".join(binds) + ' && exec "$0" "$@"')


class Aggregator(fleet.Aggregator):
    def __init__(self, path, messages, users, *more):
        self.ingest = os.path.join(path, "ingest.sock")
        os.makedirs(path, exist_ok=True)
        os.chmod(path, 0o711)
        super().__init__(AGGREGATOR, path, messages, *more, command=users.command)

    def call(self, method):
        """The code of a call at the agents' door."""
        with grpc.insecure_channel("unix:" + self.ingest) as channel:
            try:
                channel.unary_unary(method)(b"", timeout=PATIENCE)
                return grpc.StatusCode.OK
            except grpc.RpcError as error:
                return error.code()


def agents_push_and_can_do_nothing_else(path, messages, users):
    home = os.path.join(path, "with")
    aggregator, agent = Aggregator(home, messages, users), None
    try:
        door = os.stat(aggregator.ingest)
        assert (stat.S_IMODE(door.st_mode), door.st_uid, door.st_gid) == (0o660, 0, NUMBER), door
        assert stat.S_IMODE(os.stat(aggregator.socket).st_mode) == 0o600
        agent = Agent(AGENT, home, "--aggregator", "unix:" + aggregator.ingest, command=users.command)
        with open(f"/proc/{agent.process.pid}/status", encoding="utf-8") as f:
            assert re.search(rf"^Uid:\t{NUMBER}\t{NUMBER}\t{NUMBER}\t{NUMBER}$", f.read(), re.M)
        aggregator.wait("batches_total", 1)
        for method in ("Scaling/Pause", "Scaling/ListDecisions", "Metrics/Snapshot", "Status/Get"):
            assert aggregator.call("/plimsoll.v1." + method) == grpc.StatusCode.UNIMPLEMENTED, method
        aggregator.end()
        assert not os.path.exists(aggregator.ingest)
        aggregator = Aggregator(home, messages, users)
        aggregator.wait("batches_total", 1)
        assert aggregator.counters()["gaps_total"] == 0
        assert agent.kill(signal.SIGTERM) == 0
        aggregator.end()
    finally:
        finish(aggregator, agent)


def the_wrong_socket_is_explained(path, messages, users):
    """The aggregator's own is not for the agent: it says which is."""
    home = os.path.join(path, "wrong")
    aggregator, agent = Aggregator(home, messages, users), None
    try:
        agent = Agent(AGENT, home, "--aggregator", "unix:" + aggregator.socket, command=users.command)
        until("a warning", lambda: re.search(r"cannot stream to .*this user may not use the socket.*; push to "
                                             "ingest.sock", agent.said()))
        assert aggregator.counters()["batches_total"] == 0
    finally:
        finish(aggregator, agent)


def without_the_group_there_is_no_door(path, messages, users):
    aggregator = Aggregator(os.path.join(path, "without"), messages, users)
    try:
        assert not os.path.exists(aggregator.ingest)
        aggregator.end()
    finally:
        finish(aggregator)
    p = subprocess.run([*users.command, AGGREGATOR, "--config", "", "--listen", "127.0.0.1:0", "--http", "",
                        "--socket", path + "/a.sock", "--state-dir", path + "/state", "--tls-dir", path + "/tls",
                        "--agents-group", "nobodys"], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert p.returncode == 1 and re.search('--agents-group: "nobodys" is no group.*\n.*\n  fix:   make it',
                                           p.stderr), p


def finish(*programs):
    for program in programs:
        if program and program.process.poll() is None:
            program.process.kill()
            program.process.wait()


def main():
    if os.geteuid() != 0:
        print("SKIP: the agent needs root")
        return 77
    with fleet.folder() as (path, _, messages):
        known, unknown = Users(path, "known", True), Users(path, "unknown", False)
        for test, users in ((agents_push_and_can_do_nothing_else, known), (the_wrong_socket_is_explained, known),
                            (without_the_group_there_is_no_door, unknown)):
            test(path, messages, users)
            print("ok", test.__name__.replace("_", " "), flush=True)
    return 0


sys.exit(main())
