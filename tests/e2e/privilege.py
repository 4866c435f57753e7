# SPDX-License-Identifier: Apache-2.0
"""privilege.py BIN: the real agent, started by root and by a user who has only the capabilities that loading takes,
as a systemd unit or a pod gives them. The kernel says that nothing is left, forbidden system calls are put into its
threads, and it goes on: new containers, reconnects, a clean end. Then each capability and feature is left out."""
import errno
import functools
import operator
import os
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))
import fleet  # noqa: E402
import inject  # noqa: E402
from forbidden import acts, acts_inside_the_cage  # noqa: E402
from loads import PATIENCE, Load, remove, until, hierarchies  # noqa: E402
from own_agent import ANYBODY, Agent, ambient, values  # noqa: E402

BIN = os.path.abspath(sys.argv[1])
AGENT, PLIMSOLL = os.path.join(BIN, "plimsoll-agent"), os.path.join(BIN, "plimsoll")
TOP = f"/plimsoll-e2e-privilege-{os.getpid()}"
ALL = ("bpf", "perfmon", "net_admin", "setgid")
NO_PSI, NO_NET, NO_LISTEN = 8, 256, 1024  # of signals.def
NO_ANY_MEMORY = 2 | 4 | 32 | 4096
BURN = """
def ran():
    return int(open('/proc/thread-self/schedstat').read().split()[0])
first = ran()
while ran() - first < 3e8: pass
with open(sys.argv[1] + '.new', 'w') as f: f.write(str(ran() - first))
os.rename(sys.argv[1] + '.new', sys.argv[1])
time.sleep(1000)
"""


class Place:
    """A folder for one agent. What root's makes by itself is there already for that of another user."""

    def __init__(self, path, name, user=0):
        self.path, self.user = os.path.join(path, name), user
        self.run, self.tls = os.path.join(self.path, "run"), os.path.join(self.path, "tls")
        for folder in (self.path, self.run, self.tls)[:3 if user else 1]:
            os.mkdir(folder, 0o711)
            os.chown(folder, user, user)

    def certificates(self, aggregator):
        """Options; for another user a copy, as somebody who sets up such a unit makes it."""
        if not self.user:
            return ["--tls-dir", aggregator.tls]
        for name in ("ca.crt", "agent.crt", "agent.key"):
            copy = shutil.copy(os.path.join(aggregator.tls, name), self.tls)
            os.chown(copy, self.user, self.user)
            os.chmod(copy, 0o600)
        return ["--tls-ca", self.tls + "/ca.crt", "--tls-cert", self.tls + "/agent.crt", "--tls-key",
                self.tls + "/agent.key"]


# What the kernel says

def status(pid, thread):
    with open(f"/proc/{pid}/task/{thread}/status", encoding="utf-8") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def nothing_is_left(agent, bounding):
    pid = agent.process.pid
    threads = os.listdir(f"/proc/{pid}/task")
    assert len(threads) > 1, "its threads have not begun"
    for thread in threads:
        s = status(pid, thread)
        for ids in ("Uid", "Gid"):
            assert "0" not in s[ids].split(), (thread, ids, s[ids])
        assert s["Groups"].strip() in ("", s["Gid"].split()[0]), s["Groups"]
        for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            assert int(s[kind], 16) == 0, (thread, kind, s[kind])
        assert int(s["CapBnd"], 16) == bounding, (thread, s["CapBnd"])
        assert (s["NoNewPrivs"], s["Seccomp"]) == ("1", "2"), s
    with open(f"/proc/{pid}/limits", encoding="utf-8") as f:
        assert re.search(r"^Max core file size +0 +0 ", f.read(), re.M)
    assert os.stat(f"/proc/{pid}/mem").st_uid == 0, "dumpable: its own user may read its memory"


def refuses(thread, act):
    return act.answer(thread) in (-errno.EPERM, -errno.EACCES)


def each_act_is_one_that_root_may(path):
    """In processes that gave up nothing: what is refused there would prove nothing."""
    for act in acts(path, os.getpid()) + acts_inside_the_cage(path):
        p = subprocess.Popen(["sleep", "1000"])
        try:
            with inject.Thread(p.pid, p.pid) as t:
                assert not refuses(t, act), f"root may not {act.name}"
        finally:
            p.kill()
            p.wait()


def each_forbidden_act_is_refused(agent, path):
    """In every thread of the agent itself."""
    tried = acts(path, os.getpid())
    assert len(tried) >= 30, len(tried)
    if "Landlock on" in agent.said():
        tried += acts_inside_the_cage(path)
    pid = agent.process.pid
    for thread in map(int, os.listdir(f"/proc/{pid}/task")):
        with inject.Thread(pid, thread) as t:
            allowed = [(act.name, act.answer(t)) for act in tried if not refuses(t, act)]
        assert not allowed, (thread, allowed)


# Life afterwards

def a_new_container_is_exact(agent, folder):
    """Made after everything was given up; its CPU time is what the scheduler says."""
    truth = os.path.join(folder, "ran")
    load = Load(TOP + "/new", BURN, truth)
    try:
        until("the end of its work", lambda: os.path.exists(truth))
        with open(truth, encoding="utf-8") as f:
            ran = int(f.read())

        def measured():
            row = values(agent.snapshot(load.cgroup), load.cgroup)
            return row and abs(row["cpu_ns"] - ran) < ran / 50 and row
        row = until("its CPU time", measured)
        assert row["memory_usage_bytes"] > 0 and row["processes"] == 1, row
    finally:
        load.end(TOP)
        os.unlink(truth)


def seconds_arrive(aggregator):
    batches = aggregator.counters()["batches_total"]
    until("another second", lambda: aggregator.counters()["batches_total"] > batches)


def it_reconnects(aggregator, restart):
    """To an aggregator that is new at the same address, and knows nothing: it gets what it missed."""
    seconds_arrive(aggregator)
    aggregator.end()
    time.sleep(1.5)  # seconds that the agent has to keep
    aggregator = restart()
    seconds_arrive(aggregator)
    assert aggregator.counters()["gaps_total"] == 0
    return aggregator


def it_ends_in_peace(agent):
    assert agent.kill(signal.SIGTERM) == 0
    assert os.listdir(os.path.dirname(agent.path)) == []


def lives(path, messages, name, command, user, bounding):
    place, binary = Place(path, name, user), os.path.join(BIN, "plimsoll-aggregator")
    home = os.path.join(path, name + "-aggregator")
    os.mkdir(home, 0o711)
    aggregator, agent = fleet.Aggregator(binary, home, messages), None

    def restart():
        return fleet.Aggregator(binary, home, messages, port=aggregator.port)
    try:
        agent = Agent(AGENT, place.path, "--aggregator", f"localhost:{aggregator.port}", *place.certificates(aggregator),
                      command=command)
        seconds_arrive(aggregator)
        nothing_is_left(agent, bounding)
        each_forbidden_act_is_refused(agent, path)
        a_new_container_is_exact(agent, path)
        aggregator = it_reconnects(aggregator, restart)
        assert agent.counters()["agent_read_errors_total"] == 0
        nothing_is_left(agent, bounding)
        it_ends_in_peace(agent)
        aggregator.end()
    finally:
        aggregator.kill()
        if agent and agent.process.poll() is None:
            print(agent.said(), file=sys.stderr)
            agent.kill(signal.SIGKILL)


# What is missing

def losses(place, command):
    """What the agent's log and `plimsoll status` say is lost, the same, and what is missing in every row (bits of
    Missing): it is never 0."""
    agent = Agent(AGENT, place.path, command=command)
    try:
        warnings = re.findall(r" warn  plimsoll-agent: \S+: (.+?)(?:; |$)", agent.said(), re.M)
        shown = subprocess.run([PLIMSOLL, "status", "--server", "unix:" + agent.path], capture_output=True,
                               text=True, timeout=PATIENCE, check=True).stdout
        # Losses, which begin with how many there were, are a matter of what else the machine does.
        assert re.findall(r"^  warn  (?![0-9]+ )(.+)$", shown, re.M) == warnings, (shown, agent.said())
        missing = functools.reduce(operator.and_, agent.snapshot().columns.flags)
    finally:
        agent.kill(signal.SIGTERM)
    return warnings, missing


def refused(place, command, missing):
    p = subprocess.run([*command, AGENT, "--config", "", "--socket", place.run + "/agent.sock"], timeout=PATIENCE,
                       capture_output=True, text=True, check=False)
    assert p.returncode == 1 and re.search(missing, p.stderr) and "  fix:   " in p.stderr, p
    assert not os.path.exists(place.run + "/agent.sock")


def without_a_capability(path):
    place = Place(path, "less", ANYBODY)
    warnings, none = losses(place, ambient(*ALL))
    assert warnings == [], warnings
    assert losses(place, ambient("bpf", "perfmon", "setgid")) == (
        ["no network bytes and packets: cannot count packets (CAP_NET_ADMIN is missing)"], none | NO_NET)
    for left in (("perfmon", "net_admin"), ("bpf", "net_admin"), ("net_admin",), ()):
        first = "CAP_BPF" if "bpf" not in left else "CAP_PERFMON"
        refused(place, ambient(*left), f"^plimsoll-agent: missing {first}\n")
    # Root with only these keeps its name, and says so.
    root = Place(path, "root")
    few = ["setpriv", "--bounding-set", ",".join(("-all", *("+" + c for c in ALL)))]
    agent = Agent(AGENT, root.path, command=few)
    assert "still runs as root" in agent.said(), agent.said()
    it_ends_in_peace(agent)


def without_a_feature(path):
    """Of a load: an idle machine may have no cgroup in one of its hierarchies."""
    load = Load(TOP + "/load", "time.sleep(1000)")
    try:
        hidden_one_by_one(path)
    finally:
        load.end()


def hidden_one_by_one(path):
    """In a mount name space of the agent's own."""
    place = Place(path, "feature")

    def hidden(what):
        return ["unshare", "-m", "sh", "-c", what + ' && exec "$0" "$@"']
    # As ProtectControlGroups= and ProtectKernelTunables= of a unit: nothing is written there.
    read_only = "; ".join(f"mount -o remount,bind,ro {path}" for path in (*hierarchies(), "/sys", "/proc"))
    warnings, _ = losses(Place(path, "read-only", ANYBODY), [*hidden(read_only), *ambient(*ALL)])
    assert warnings == [], warnings
    warnings, _ = losses(place, hidden("mount -t tmpfs none /proc/pressure"))
    assert [w.split(":")[0] for w in warnings] == ["no pressure stall information"]
    unified = hierarchies()[0]
    if len(hierarchies()) > 1:  # v1 beside it can do without
        warnings, missing = losses(place, hidden("umount " + unified))
        assert warnings == [
            "cgroup v1 only: no pressure (PSI) of single cgroups",
            "no accept queues: cannot watch listening sockets (no cgroup v2 hierarchy is mounted)",
            "no network bytes and packets: cannot count packets (no cgroup v2 hierarchy is mounted)"], warnings
        assert missing & (NO_PSI | NO_LISTEN | NO_NET) == NO_PSI | NO_LISTEN | NO_NET, hex(missing)
        warnings, missing = losses(place, hidden("umount " + hierarchies()[1]))
        assert warnings == ["no memory of cgroups: no mounted hierarchy has the memory controller"], warnings
        assert missing & NO_ANY_MEMORY == NO_ANY_MEMORY and not missing & NO_PSI, hex(missing)
    refused(place, hidden("umount -R /sys/fs/cgroup"), "no cgroup hierarchy is mounted")


def main():
    if os.geteuid() != 0:
        print("SKIP: it starts agents as root and as others")
        return 77
    try:
        with fleet.folder() as (path, _, messages):
            if inject.possible:
                each_act_is_one_that_root_may(path)
            capabilities = sum(1 << n for n in (39, 38, 12, 6))  # CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN, CAP_SETGID
            for test, *arguments in (
                    (lives, path, messages, "by-root", (), 0, 0),
                    (lives, path, messages, "by-anybody", ambient(*ALL), ANYBODY, capabilities),
                    (without_a_capability, path), (without_a_feature, path)):
                test(*arguments)
                print("ok", test.__name__.replace("_", " "), flush=True)
    finally:
        for root in hierarchies():
            remove(root + TOP)
    return 0


sys.exit(main())
