# SPDX-License-Identifier: Apache-2.0
"""engines.py BIN: the agent beside a real dockerd and a real Podman. Containers go by the names that these gave them,
replicas of a compose service are one workload, and neither is needed for anything else."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))
from cri_runtime import cgroup_roots  # noqa: E402
from engine_runtime import Docker, Podman  # noqa: E402
from fleet import Aggregator  # noqa: E402
from loads import remove, until  # noqa: E402
from own_agent import Agent, values  # noqa: E402

BIN = sys.argv[1]
DIR = tempfile.mkdtemp(prefix="plimsoll-e2e-engines-")
os.chmod(DIR, 0o711)  # the agent leaves root, and has its socket below
TOP = f"/plimsoll-e2e-engines-{os.getpid()}"
CONTAINER = 2        # plimsoll.v1.Kind
NO_RESTARTS = 32768  # plimsoll.v1.Missing


def folder(name):
    path = os.path.join(DIR, name)
    os.mkdir(path, 0o711)
    return path


class Scene:
    def __init__(self):
        self.agent = self.aggregator = self.docker = self.podman = None
        try:
            self.docker = Docker(folder("docker"), TOP + "/docker")
            self.podman = Podman(folder("podman"), TOP + "/podman")
            self.agent = Agent(os.path.join(BIN, "plimsoll-agent"), DIR, "--cri", "none", "--docker",
                               "unix:" + self.docker.socket, "--podman", "unix:" + self.podman.socket)
            self.aggregator = Aggregator(os.path.join(BIN, "plimsoll-aggregator"), DIR, None,
                                         "--scrape", "unix:" + self.agent.path)
        except BaseException:
            self.end()
            raise

    def end(self):
        if self.agent and self.agent.process.poll() is None:
            print(self.agent.said(), file=sys.stderr)
            self.agent.kill(signal.SIGKILL)
        if self.aggregator:
            self.aggregator.kill()
        for engine in self.docker, self.podman:
            if engine:
                engine.end()
        for root in cgroup_roots():
            remove(root + TOP)

    def of(self, container):
        return next((d for d in self.agent.snapshot(TOP + "/**").dictionary if d.container_id == container), None)

    def restarts(self, container):
        """None: it is not there, or not known."""
        d = self.of(container)
        row = d and values(self.agent.snapshot(d.cgroup), d.cgroup)
        return None if not row or row["flags"] & NO_RESTARTS else row["restarts"]

    def named(self, container, name):
        return until(f"the name {name}", lambda: (lambda d: d if d and d.name == name else None)(self.of(container)))

    def items(self, *words):
        p = subprocess.run([os.path.join(BIN, "plimsoll"), "--server", "unix:" + self.aggregator.socket, "get", *words,
                            "-o", "json"], stdout=subprocess.PIPE, text=True, timeout=60, check=False)
        return json.loads(p.stdout)["items"] if p.returncode == 0 else []


def containers_have_their_names(s):
    for engine, runtime in (s.docker, "docker"), (s.podman, "podman"):
        made = engine.run(runtime + "-one")
        d = s.named(made, runtime + "-one")
        assert (d.kind, d.runtime, d.pod_name, d.workload) == (CONTAINER, runtime, "", ""), d
        notice = until("a notice", lambda name=runtime: s.agent.notices().get(name))
        assert notice.level == "ok" and f"names by {runtime} " in notice.text, notice
    c = s.agent.counters()
    assert c["agent_engine_connected"] == 2 and c["agent_engine_refused_total"] == 0, c
    assert "cri" not in s.agent.notices()


def replicas_of_a_service_are_a_workload(s):
    labels = "--label", "com.docker.compose.project=shop", "--label", "com.docker.compose.service=web"
    for name in "shop-web-1", "shop-web-2":
        s.named(s.docker.run(name, *labels), name)
    web = until("a workload of two", lambda: [w for w in s.items("workloads", "shop/web") if w["replicas"] == 2])
    assert len(web) == 1, web
    both = until("containers by their workload", lambda: s.items("containers", "shop/web"))
    assert sorted(c["name"] for c in both) == ["shop-web-1", "shop-web-2"], both
    assert {c["workload"] for c in both} == {"shop/web"}, both


def a_restart_keeps_the_name_and_is_counted(s):
    for engine in s.docker, s.podman:
        made = engine.run("restarted")
        first = s.named(made, "restarted").row
        until("none yet", lambda of=made: s.restarts(of) == 0)
        for n in 1, 2:
            engine.ask("restart", "-t", "0", "restarted")
            until(f"restart {n}", lambda of=made, wanted=n: s.restarts(of) == wanted)
        until("another row of the same name", lambda of=made, old=first: s.named(of, "restarted").row != old)
        if engine is s.docker:
            assert s.docker.ask("inspect", "-f", "{{.RestartCount}}", made) == "0", "its policy's alone"


def what_crashes_is_counted_as_docker_does(s):
    """It fails three times, at once, and stays the fourth time."""
    fails = ('n=$(/bin/busybox cat /n 2>/dev/null || echo 0); echo $((n + 1)) > /n; '
             '[ $n -ge 3 ] && exec /bin/busybox sleep 1000000; exit 1')
    made = s.docker.run("crashes", "--restart", "always", command=("sh", "-c", fails))
    until("Docker's count", lambda: s.docker.ask("inspect", "-f", "{{.RestartCount}}", made) == "3")
    until("ours", lambda: s.restarts(made) == 3)


def names_outlive_a_restart_of_the_daemon(s):
    before = s.docker.run("before")
    s.named(before, "before")
    s.docker.stop_daemon(signal.SIGTERM)  # --live-restore: its containers go on
    s.named(before, "before")
    s.docker.start()
    s.named(s.docker.run("after"), "after")
    s.named(before, "before")


def helpers_have_no_privilege(s):
    pid = s.agent.process.pid
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as f:
        helpers = f.read().split()
    assert len(helpers) == 2, helpers
    if "sanitizer" in s.agent.said():
        return  # such a build keeps all
    for helper in helpers:
        with open(f"/proc/{helper}/status", encoding="utf-8") as f:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
        assert "0" not in status["Uid"].split() and (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2"), status
        assert all(int(status[c], 16) == 0 for c in ("CapInh", "CapPrm", "CapEff", "CapAmb")), status


def one_that_is_left_out_is_not_asked(s):
    s.agent = Agent(os.path.join(BIN, "plimsoll-agent"), DIR, "--cri", "none", "--docker", "none", "--podman", "none")
    made = s.docker.run("nameless")
    d = until("its row", lambda: s.of(made))
    assert d.name == made[:12] and not {"docker", "podman"} & set(s.agent.notices()), d


def main():
    if os.geteuid() != 0:
        print("SKIP: dockerd, Podman and the agent need root")
        return 77
    scene = None
    try:
        scene = Scene()
        for test in (containers_have_their_names, replicas_of_a_service_are_a_workload,
                     a_restart_keeps_the_name_and_is_counted, what_crashes_is_counted_as_docker_does,
                     names_outlive_a_restart_of_the_daemon, helpers_have_no_privilege):
            test(scene)
            print("ok", test.__name__.replace("_", " "), flush=True)
        assert scene.agent.kill(signal.SIGTERM) == 0
        one_that_is_left_out_is_not_asked(scene)
        print("ok one that is left out is not asked", flush=True)
        assert scene.agent.kill(signal.SIGTERM) == 0
    finally:
        if scene:
            scene.end()
        shutil.rmtree(DIR, ignore_errors=True)
    return 0


sys.exit(main())
