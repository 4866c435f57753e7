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
from loads import PATIENCE, Load, hierarchies, until  # noqa: E402
from own_agent import Agent, values  # noqa: E402
from python_client import Client  # noqa: E402

AGENT = os.path.join(sys.argv[1], "plimsoll-agent")
DIR = tempfile.mkdtemp(prefix="plimsoll-e2e-agent-")
os.chmod(DIR, 0o711)  # the agent leaves root, and has its socket and key below
SOCKET = os.path.join(DIR, "run", "agent.sock")
TOP = f"/plimsoll-e2e-{os.getpid()}"
WINDOWS = 3
PLAIN = ["--config", "", "--node", "e2e"]


def on_cpu_ns(pid):
    """What the scheduler itself charged a task, to the last tick."""
    with open(f"/proc/{pid}/schedstat", encoding="utf-8") as f:
        return int(f.read().split()[0])


def a_window(agent, load):
    first, truth = agent.snapshot(TOP + "/*"), on_cpu_ns(load.process.pid)
    time.sleep(4)
    return first, agent.snapshot(TOP + "/*"), on_cpu_ns(load.process.pid) - truth


def a_busy_loop_shows_its_cpu_time(agent):
    busy = Load(TOP + "/busy", "while True: pass")
    idle = Load(TOP + "/idle", "time.sleep(1000)")
    try:
        until("both rows", lambda: all(values(agent.snapshot(TOP + "/*"), c.cgroup)
                                       for c in (busy, idle)))
        for _ in range(WINDOWS):  # one that the agent was kept from its CPU in says nothing
            first, last, truth = a_window(agent, busy)
            used = values(last, busy.cgroup)["cpu_ns"] - values(first, busy.cgroup)["cpu_ns"]
            span = last.boottime_ns - first.boottime_ns
            # Both ends of ours are of a tick up to 1 s ago, the kernel's are of now.
            if 0.5 * truth < used < 2 * truth + 5e8 and used <= span * 1.05:
                break
        else:
            raise AssertionError((used, truth, span))
        rest = values(last, idle.cgroup)["cpu_ns"] - values(first, idle.cgroup)["cpu_ns"]
        assert rest < used / 20, (rest, used)
        assert values(last, TOP) is None, "a cgroup that only holds others is no row"
        assert values(last, busy.cgroup)["name"] == "busy"
        before = values(last, busy.cgroup)["cpu_ns"]
    finally:
        busy.end()
        idle.end(TOP)
    assert before > 0
    until("rows that went", lambda: not agent.snapshot(TOP + "/*").dictionary)


def the_machine_is_described(agent):
    b = agent.snapshot()
    with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as f:
        assert b.source.boot_id == f.read().strip()
    assert b.source.node == "e2e" and b.source.cpus == os.cpu_count()
    assert b.live_rows == len(b.dictionary) == len(b.columns.row)
    assert len(set(b.columns.row)) == len(b.columns.row)
    assert all(d.cgroup.startswith("/") and d.name and d.kind for d in b.dictionary)
    assert b.node.cpu_idle_ns > 0 and b.node.memory_available_bytes > 0


def it_observes_itself(agent):
    c = until("a measured cost a switch", lambda: (lambda c: c if c["agent_bpf_switch_seconds"]
                                                   else None)(agent.counters()))
    if "sanitizer" not in agent.said():  # whose runtime keeps what was freed for a while
        assert c["agent_resident_memory_bytes"] < 64 << 20, c
    assert 0 < c["agent_cpu_seconds_total"]
    assert c["agent_bpf_switch_seconds"] < 1e-5, c
    assert c["agent_rows"] > 0 and c["agent_probe_cgroups"] >= c["agent_rows"]
    assert c["agent_read_errors_total"] == 0 and c["agent_slots_full"] == 0
    assert all(n.level in ("ok", "warn") for n in agent.status().notice), agent.status()


def a_killed_agent_leaves_no_obstacle(agent):
    epoch = agent.snapshot().epoch
    assert agent.kill(signal.SIGKILL) == -signal.SIGKILL
    assert os.path.exists(SOCKET)
    agent.__init__(AGENT, DIR)
    assert agent.snapshot().epoch > epoch


def fails(*arguments, code, says, command=()):
    """The agent ends by itself, with this exit code and an error that says what, why and what to do."""
    p = subprocess.run([*command, AGENT, *arguments], stderr=subprocess.PIPE,
                       stdout=subprocess.PIPE, text=True, timeout=PATIENCE, check=False)
    assert p.returncode == code, (arguments, p)
    for text in says:
        assert re.search(text, p.stderr), (arguments, text, p.stderr)
    assert re.search(r"^plimsoll-agent: .*\n  cause: .+\n  fix:   .+", p.stderr, re.M), p.stderr


def a_second_agent_is_refused(agent):
    fails(*PLAIN, "--socket", SOCKET, code=1, says=["cannot listen on unix:"])
    assert agent.snapshot().live_rows > 0


def a_port_in_use_is_said(_agent):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        fails(*PLAIN, "--socket", "", "--listen", f"127.0.0.1:{port}", "--insecure", code=1,
              says=[f"127.0.0.1:{port}"])


def missing_rights_are_said(_agent):
    mine = os.path.join(DIR, "nobody")
    os.mkdir(mine)
    os.chown(mine, 65534, 65534)
    os.chmod(DIR, 0o755)
    fails(*PLAIN, "--socket", mine + "/a.sock", code=1, says=["CAP_|capab|root"],
          command=["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"])


def bad_options_are_said(_agent):
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


def mutual_tls_is_demanded(_agent):
    pki = os.path.join(DIR, "pki")
    agent = Agent(AGENT, DIR, "--listen", "127.0.0.1:0", "--tls-dir", pki,
                  path=os.path.join(DIR, "tls", "agent.sock"))
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


def it_ends_in_peace(agent):
    assert agent.kill(signal.SIGTERM) == 0
    assert not os.path.exists(SOCKET)


def main():
    if os.geteuid() != 0:
        print("SKIP: the agent needs root")
        return 77
    hierarchies()  # skips without
    agent = None
    try:
        agent = Agent(AGENT, DIR)
        for test in (the_machine_is_described, a_busy_loop_shows_its_cpu_time, it_observes_itself,
                     a_second_agent_is_refused, a_port_in_use_is_said, missing_rights_are_said,
                     bad_options_are_said, mutual_tls_is_demanded,
                     a_killed_agent_leaves_no_obstacle, it_ends_in_peace):
            test(agent)
            print("ok", test.__name__.replace("_", " "), flush=True)
    finally:
        if agent and agent.process.poll() is None:
            print(agent.said(), file=sys.stderr)
            agent.kill(signal.SIGKILL)
        shutil.rmtree(DIR, ignore_errors=True)
    return 0


sys.exit(main())
