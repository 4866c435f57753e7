# SPDX-License-Identifier: Apache-2.0
"""agent.py BIN: plimsoll-agent alone on this machine's real kernel. What it measures is compared with
what the kernel itself says; what it cannot do it must say in plain words."""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))
import grpc  # noqa: E402
from python_client import Client  # noqa: E402

PATIENCE = 60
AGENT = os.path.join(sys.argv[1], "plimsoll-agent")
DIR = tempfile.mkdtemp(prefix="plimsoll-e2e-agent-")
SOCKET = os.path.join(DIR, "run", "agent.sock")
TOP = f"/plimsoll-e2e-{os.getpid()}"
PLAIN = ["--config", "", "--node", "e2e"]


def until(what, ask):
    """The first true answer; refused calls count as not yet."""
    end, last = time.monotonic() + PATIENCE, None
    while time.monotonic() < end:
        try:
            last = ask()
            if last:
                return last
        except grpc.RpcError as error:
            last = error
        time.sleep(0.1)
    raise AssertionError(f"waited in vain for {what}: {last}")


def hierarchies():
    """Where cgroup v2 is mounted and, on a hybrid machine, the v1 memory controller, by which a task
    is then known in the first place."""
    unified, memory = [], []
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        for line in mounts:
            fields = line.split()
            kind, options = fields[fields.index("-") + 1], fields[-1].split(",")
            if kind == "cgroup2":
                unified.append(fields[4])
            elif kind == "cgroup" and "memory" in options:
                memory.append(fields[4])
    if not unified:
        print("SKIP: no cgroup v2 hierarchy is mounted")
        sys.exit(77)
    return unified[:1] + memory[:1]


class Agent:
    def __init__(self, *extra, path=SOCKET):
        self.path = path
        self.log = open(os.path.join(DIR, f"log-{time.monotonic_ns()}"), "w+", encoding="utf-8")
        self.process = subprocess.Popen([AGENT, *PLAIN, "--socket", path, *extra],
                                        stderr=self.log)
        self.client = until("the agent serves", self.connect)
        self.new = self.client.messages

    def connect(self):
        assert self.process.poll() is None, self.said()
        if not os.path.exists(self.path):
            return None
        return Client(grpc.insecure_channel(f"unix:{self.path}"))

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def snapshot(self, *globs):
        call = self.client.call("/plimsoll.v1.Metrics/Snapshot", "unary_unary", self.client.query,
                                self.client.batch)
        return call(self.client.query(cgroup=globs), timeout=PATIENCE)

    def status(self):
        call = self.client.call("/plimsoll.v1.Status/Get", "unary_unary",
                                self.new["plimsoll.v1.StatusRequest"],
                                self.new["plimsoll.v1.StatusResponse"])
        return call(self.new["plimsoll.v1.StatusRequest"](), timeout=PATIENCE)

    def counters(self):
        return {c.name: c.value for c in self.status().counter}

    def kill(self, signum):
        self.process.send_signal(signum)
        code = self.process.wait(timeout=PATIENCE)
        self.log.close()
        return code


def values(batch, cgroup):
    """The row of a cgroup as a dictionary, or None."""
    for name in batch.dictionary:
        if name.cgroup == cgroup:
            i = list(batch.columns.row).index(name.row)
            columns = {f.name: getattr(batch.columns, f.name) for f in
                       batch.columns.DESCRIPTOR.fields}
            return {k: v[i] for k, v in columns.items() if len(v) == len(batch.columns.row)
                    and not k.startswith("hist")} | {"name": name.name, "kind": name.kind}
    return None


def on_cpu_ns(pid):
    """What the scheduler itself charged a task, to the last tick."""
    with open(f"/proc/{pid}/schedstat", encoding="utf-8") as f:
        return int(f.read().split()[0])


class Load:
    """A child in a cgroup of its own; `code` is what it does."""
    def __init__(self, roots, name, code):
        self.dirs = [root + TOP + "/" + name for root in roots]
        for path in self.dirs:
            os.makedirs(path)
        enter = "".join(f"open({path + '/cgroup.procs'!r}, 'w').write(str(os.getpid()))\n"
                        for path in self.dirs)
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"import os\n{enter}print(flush=True)\n{code}"],
            stdout=subprocess.PIPE)
        self.process.stdout.readline()  # it is in its cgroup now
        self.cgroup = TOP + "/" + name

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        until("an empty cgroup", lambda: not self.procs())
        for path in self.dirs:
            os.rmdir(path)

    def procs(self):
        text = ""
        for path in self.dirs:
            with open(path + "/cgroup.procs", encoding="utf-8") as f:
                text += f.read()
        return text


def a_busy_loop_shows_its_cpu_time(agent, roots):
    busy = Load(roots, "busy", "while True: pass")
    idle = Load(roots, "idle", "import time\ntime.sleep(1000)")
    try:
        until("both rows", lambda: all(values(agent.snapshot(TOP + "/*"), c.cgroup)
                                       for c in (busy, idle)))
        first, truth = agent.snapshot(TOP + "/*"), on_cpu_ns(busy.process.pid)
        time.sleep(4)
        last, truth = agent.snapshot(TOP + "/*"), on_cpu_ns(busy.process.pid) - truth
        used = values(last, busy.cgroup)["cpu_ns"] - values(first, busy.cgroup)["cpu_ns"]
        span = last.boottime_ns - first.boottime_ns
        # Both ends of ours are of a tick up to 1 s ago, the kernel's are of now.
        assert 0.5 * truth < used < 2 * truth + 5e8, (used, truth)
        assert used <= span * 1.05, (used, span)
        rest = values(last, idle.cgroup)["cpu_ns"] - values(first, idle.cgroup)["cpu_ns"]
        assert rest < used / 20, (rest, used)
        assert values(last, TOP) is None, "a cgroup that only holds others is no row"
        assert values(last, busy.cgroup)["name"] == "busy"
        before = values(last, busy.cgroup)["cpu_ns"]
    finally:
        busy.end()
        idle.end()
        for root in roots:
            os.rmdir(root + TOP)
    assert before > 0
    until("rows that went", lambda: not agent.snapshot(TOP + "/*").dictionary)


def the_machine_is_described(agent, _roots):
    b = agent.snapshot()
    with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as f:
        assert b.source.boot_id == f.read().strip()
    assert b.source.node == "e2e" and b.source.cpus == os.cpu_count()
    assert b.live_rows == len(b.dictionary) == len(b.columns.row)
    assert len(set(b.columns.row)) == len(b.columns.row)
    assert all(d.cgroup.startswith("/") and d.name and d.kind for d in b.dictionary)
    assert b.node.cpu_idle_ns > 0 and b.node.memory_available_bytes > 0


def it_observes_itself(agent, _roots):
    c = until("a measured cost a switch", lambda: (lambda c: c if c["agent_bpf_switch_seconds"]
                                                   else None)(agent.counters()))
    assert c["agent_resident_memory_bytes"] < 64 << 20, c
    assert 0 < c["agent_cpu_seconds_total"]
    assert c["agent_bpf_switch_seconds"] < 1e-5, c
    assert c["agent_rows"] > 0 and c["agent_probe_cgroups"] >= c["agent_rows"]
    assert c["agent_read_errors_total"] == 0 and c["agent_slots_full"] == 0
    assert all(n.level in ("ok", "warn") for n in agent.status().notice), agent.status()


def a_killed_agent_leaves_no_obstacle(agent, _roots):
    epoch = agent.snapshot().epoch
    assert agent.kill(signal.SIGKILL) == -signal.SIGKILL
    assert os.path.exists(SOCKET)
    agent.__init__()
    assert agent.snapshot().epoch > epoch


def fails(*arguments, code, says, command=()):
    """The agent ends by itself, with this exit code and an error that says what, why and what to do."""
    p = subprocess.run([*command, AGENT, *arguments], stderr=subprocess.PIPE,
                       stdout=subprocess.PIPE, text=True, timeout=PATIENCE, check=False)
    assert p.returncode == code, (arguments, p)
    for text in says:
        assert re.search(text, p.stderr), (arguments, text, p.stderr)
    assert re.search(r"^plimsoll-agent: .*\n  cause: .+\n  fix:   .+", p.stderr, re.M), p.stderr


def a_second_agent_is_refused(agent, _roots):
    fails(*PLAIN, "--socket", SOCKET, code=1, says=["cannot listen on unix:"])
    assert agent.snapshot().live_rows > 0


def a_port_in_use_is_said(_agent, _roots):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        fails(*PLAIN, "--socket", "", "--listen", f"127.0.0.1:{port}", "--insecure", code=1,
              says=[f"127.0.0.1:{port}"])


def missing_rights_are_said(_agent, _roots):
    mine = os.path.join(DIR, "nobody")
    os.mkdir(mine)
    os.chown(mine, 65534, 65534)
    os.chmod(DIR, 0o755)
    fails(*PLAIN, "--socket", mine + "/a.sock", code=1, says=["CAP_|capab|root"],
          command=["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"])


def bad_options_are_said(_agent, _roots):
    bad = os.path.join(DIR, "bad.yaml")
    with open(bad, "w", encoding="utf-8") as f:
        f.write("interval: 1s\nintervall: 2s\n")
    for arguments, text in (
            (["--interval", "1ms"], "interval"), (["--intervall", "1s"], "--interval"),
            (["--max-cgroups", "1"], "max-cgroups"), (["--spool", "1s"], "spool"),
            (["--config", bad], "bad.yaml:2"), (["--config", DIR + "/none"], "none"),
            (["--socket", ""], "--listen"), (["--node", "a b"], "--node"), (["start"], "start"),
            (["--log-level", "loud"], "loud"), (["--socket", "/" + 120 * "x"], "long"),
            (["--listen", "127.0.0.1:0", "--tls-cert", "x"], "--tls-key")):
        fails(*arguments, code=2, says=[text])
    for arguments in (["--help"], ["--version"], [*PLAIN, "--check"]):
        subprocess.run([AGENT, *arguments], check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE)


def mutual_tls_is_demanded(_agent, _roots):
    pki = os.path.join(DIR, "pki")
    agent = Agent("--listen", "127.0.0.1:0", "--tls-dir", pki, path=os.path.join(DIR, "tls.sock"))
    port = int(re.search(r"TCP port (\d+)", agent.said()).group(1))

    def read(name):
        with open(os.path.join(pki, name), "rb") as f:
            return f.read()

    good = grpc.ssl_channel_credentials(read("ca.crt"), read("agent.key"), read("agent.crt"))
    Client(grpc.secure_channel(f"localhost:{port}", good))
    for channel in (grpc.insecure_channel(f"127.0.0.1:{port}"),
                    grpc.secure_channel(f"localhost:{port}",
                                        grpc.ssl_channel_credentials(read("ca.crt")))):
        try:
            channel.unary_unary("/plimsoll.v1.Metrics/Snapshot")(b"", timeout=10)
            raise AssertionError("a stranger was served")
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE, error
    until("the counter", lambda: agent.counters()["agent_handshake_errors_total"] >= 1)
    assert agent.kill(signal.SIGTERM) == 0


def it_ends_in_peace(agent, _roots):
    assert agent.kill(signal.SIGTERM) == 0
    assert not os.path.exists(SOCKET)


def main():
    if os.geteuid() != 0:
        print("SKIP: the agent needs root")
        return 77
    roots = hierarchies()
    agent = None
    try:
        agent = Agent()
        for test in (the_machine_is_described, a_busy_loop_shows_its_cpu_time, it_observes_itself,
                     a_second_agent_is_refused, a_port_in_use_is_said, missing_rights_are_said,
                     bad_options_are_said, mutual_tls_is_demanded,
                     a_killed_agent_leaves_no_obstacle, it_ends_in_peace):
            test(agent, roots)
            print("ok", test.__name__.replace("_", " "), flush=True)
    finally:
        if agent and agent.process.poll() is None:
            print(agent.said(), file=sys.stderr)
            agent.kill(signal.SIGKILL)
        shutil.rmtree(DIR, ignore_errors=True)
    return 0


sys.exit(main())
