# SPDX-License-Identifier: Apache-2.0
"""cri.py BIN: the agent beside a real containerd that runs pods by runc. Rows must carry the names that the
runtime gave, whatever it or the agent's helper goes through, and what they measure must be the kernel's own."""
import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))
import inject  # noqa: E402
from cri_runtime import Containerd, cpu_ns  # noqa: E402
from fleet import Aggregator  # noqa: E402
from forbidden import acts, acts_inside_the_cage  # noqa: E402
from loads import hierarchies, until  # noqa: E402
from own_agent import ANYBODY, Agent, ambient, values  # noqa: E402

BIN = sys.argv[1]
DIR = tempfile.mkdtemp(prefix="plimsoll-e2e-cri-")
os.chmod(DIR, 0o711)  # the agent leaves root, and has its socket below
TOP = f"/plimsoll-e2e-cri-{os.getpid()}"
UID = "6a4f2f0e-3b1c-4d5e-8f90-a1b2c3d4e5f6"
POD_CONTAINER, SANDBOX = 1, 5  # plimsoll.v1.Kind
NO_RESTARTS = 32768            # plimsoll.v1.Missing
SPIN = ("/bin/busybox", "sh", "-c", "while :; do :; done")
POLICY = """
apiVersion: plimsoll.io/v1alpha1
kind: ScalingPolicy
metadata: {name: late}
spec:
  target: {name: shop/web-*/later, cpuRequest: 100m}
  maxReplicas: 5
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}]
"""
REQUEST_MILLI = 100
QUOTA_US = 20000  # of each 100 ms, so that the loop leaves the machine to others


class Scene:
    """A pod of two containers, and an agent that was there before them."""

    def __init__(self):
        self.runtime = Containerd(DIR, TOP)
        self.agent = self.aggregator = None
        try:
            self.start_agent()
            self.sanitized = "sanitizer" in self.agent.said()
            with open(os.path.join(DIR, "policy.yaml"), "w", encoding="utf-8") as f:
                f.write(POLICY)
            self.aggregator = Aggregator(os.path.join(BIN, "plimsoll-aggregator"), DIR, None,
                                         "--scrape", "unix:" + self.agent.path, "--policy", f.name)
            self.pod = self.runtime.pod("shop", "web-7d9f", UID)
            self.api = self.pod.run("api", *SPIN, quota=QUOTA_US, shares=REQUEST_MILLI * 1024 // 1000)
            self.cache = self.pod.run("cache")
        except BaseException:
            self.end()
            raise

    def start_agent(self):
        self.agent = Agent(os.path.join(BIN, "plimsoll-agent"), DIR, "--cri", "unix:" + self.runtime.socket)

    def end(self):
        try:
            if self.agent and self.agent.process.poll() is None:
                print(self.agent.said(), file=sys.stderr)
                self.agent.kill(signal.SIGKILL)
        finally:
            if self.aggregator:
                self.aggregator.kill()
            self.runtime.end()

    def ask(self, server, *words):
        p = subprocess.run([os.path.join(BIN, "plimsoll"), "--server", "unix:" + server, *words],
                           stdout=subprocess.PIPE, text=True, timeout=60, check=True)
        return p.stdout

    def identity(self, container):
        cgroup = self.pod.cgroup(container)
        return next((d for d in self.agent.snapshot(TOP + "/**").dictionary if d.cgroup == cgroup), None)

    def named(self, container, name, kind=POD_CONTAINER):
        def as_it_should_be():
            d = self.identity(container)
            return d if d and (d.pod_namespace, d.pod_name, d.name, d.kind) == ("shop", "web-7d9f", name, kind) else None

        return until(f"the name {name}", as_it_should_be)

    def helper(self):
        """Its PID, or None."""
        pid = self.agent.process.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as f:
            return next((int(child) for child in f.read().split()), None)


def containers_have_their_names(s):
    for container, name in ((s.api, "api"), (s.cache, "cache")):
        d = s.named(container, name)
        assert (d.container_id, d.pod_uid, d.qos, d.runtime) == (container, UID, "burstable", "containerd"), d
    c = s.agent.counters()
    assert c["agent_cri_connected"] == 1 and c["agent_cri_refused_total"] == 0, c
    assert c["agent_names_given_total"] >= 3 and c["agent_names_words_refused_total"] == 0, c
    assert 0 < c["agent_cri_cpu_seconds_total"] < 2 and c["agent_cri_peak_memory_bytes"] > 0, c


def the_pause_container_is_one(s):
    assert s.named(s.pod.sandbox, "pause", SANDBOX).pod_uid == UID


def an_event_less_runtime_is_asked(s):
    """containerd 1.6 has no events: the agent asks when it sees a container that it does not know."""
    notice = until("a notice", lambda: s.agent.notices().get("cri"))
    assert notice.level == "ok" and "containerd" in notice.text and s.runtime.socket in notice.text, notice
    before = s.agent.counters()
    late = s.pod.run("late")
    s.named(late, "late")
    after = s.agent.counters()
    if not after["agent_cri_events"]:
        assert after["agent_cri_lists_total"] > before["agent_cri_lists_total"], (before, after)
    s.pod.remove(late)
    until("the row that ends", lambda: not s.identity(late))


def a_container_uses_what_the_kernel_says(s):
    cgroup = s.pod.cgroup(s.api)

    def reading():
        """Ours, with the kernel's own right before and right after the second it is of."""
        low = cpu_ns(cgroup)
        since = s.agent.snapshot(cgroup).boottime_ns
        batch = until("the next second",
                      lambda: (lambda b: b if b.boottime_ns > since else None)(s.agent.snapshot(cgroup)))
        return low, values(batch, cgroup)["cpu_ns"], cpu_ns(cgroup)

    low, first, high = reading()
    time.sleep(2)
    later_low, last, later_high = reading()
    used, seen = last - first, (low, first, high, later_low, last, later_high)
    assert (later_low - high) * 0.995 <= used <= (later_high - low) * 1.005, seen
    assert used > 1e8, "a loop that may run a fifth of each second has run"
    row = values(s.agent.snapshot(cgroup), cgroup)
    assert (row["cpu_quota_ns"], row["cpu_period_ns"]) == (QUOTA_US * 1000, 10**8), row
    assert row["cpu_throttled_periods"] > 0 and row["memory_limit_bytes"] == 64 << 20, row


def people_see_what_it_uses_of_what_it_asked_for(s):
    """It may run for a fifth of each second, and asked for half of that: where the kernel keeps shares, that is known to
    5 milli. A weight of cgroup v2 may have been made of two requests."""
    for server in s.agent.path, s.aggregator.socket:
        api, cache = (next(c for c in json.loads(s.ask(server, "get", "containers", "-o", "json"))["items"]
                           if c["cgroup"] == s.pod.cgroup(container)) for container in (s.api, s.cache))
        asked = api["cpu_request_cores"]
        assert cache["cpu_request_cores"] is None and cache["cpu_limit_cores"] is None, cache
        assert abs(api["cpu_limit_cores"] - 0.2) < 1e-9 and 0 < api["cpu_of_limit"] < 2, api
        assert 0 < api["memory_of_limit"] < 1, api
        if asked is None:
            assert os.path.exists("/sys/fs/cgroup/cgroup.controllers") and api["cpu_of_request"] is None, api
            continue
        assert asked["least"] <= REQUEST_MILLI / 1000 <= asked["most"] <= asked["least"] + 0.03, asked
        middle = (asked["least"] + asked["most"]) / 2
        assert abs(api["cpu_of_request"] - api["cpu_of_limit"] * 0.2 / middle) < 0.01, api
        assert re.search(r"CPU REQUEST +CPU/REQUEST", s.ask(server, "get", "pods", "shop", "-o", "wide")), "titles"


def people_see_names(s):
    for server in s.agent.path, s.aggregator.socket:
        they_see_names(s, lambda *words, asked=server: s.ask(asked, *words))


def they_see_names(s, ask):
    mine = [c for c in json.loads(ask("get", "containers", "-o", "json"))["items"] if c["cgroup"].startswith(TOP)]
    assert sorted(c["name"] for c in mine) == ["api", "cache"], "the pause container is none that people run"
    assert all((c["pod_namespace"], c["pod_name"], c["kind"]) == ("shop", "web-7d9f", "pod-container") for c in mine), mine
    assert re.search(r"pod-container +shop/web-7d9f/api ", ask("get", "containers"), re.M)
    assert re.search(r"sandbox +shop/web-7d9f/pause ", ask("get", "cgroups", "-o", "wide"))
    one = [c["name"] for c in json.loads(ask("get", "containers", "shop/web-7d9f/api", "-o", "json"))["items"]]
    two = [c["name"] for c in json.loads(ask("get", "pods", "shop", "-o", "json"))["items"]]
    assert (one, sorted(two)) == (["api"], ["api", "cache"]), (one, two)
    for word in "shop/web-7d9f/cache", "web-7d9f/cache", s.cache[:12]:
        assert "shop/web-7d9f/cache" in ask("describe", word), word


def the_fleet_learns_names_that_come_later(s):
    """Its rows are there before the runtime is asked for their names."""
    def workloads(*words):
        return {w["name"]: w for w in json.loads(s.ask(s.aggregator.socket, "get", "workloads", *words,
                                                       "-o", "json"))["items"]}

    later = s.pod.run("later")
    until("its name", lambda: "shop/web-7d9f/later" in s.ask(s.aggregator.socket, "get", "containers"))
    assert "shop/web-7d9f/later" in s.ask(s.aggregator.socket, "describe", "web-7d9f/later")
    assert workloads("shop/*")["shop/web-7d9f"]["replicas"] == 2, workloads()
    assert workloads("late")["late"]["replicas"] == 1, "a policy may go by names"
    assert f"pod/{UID}" not in workloads(), workloads()
    assert "shop/web-7d9f" in s.ask(s.aggregator.socket, "top", "--seconds", "2"), "plain lines, no terminal"
    s.pod.remove(later)


def restarts(s, container):
    """None: not known."""
    cgroup = s.pod.cgroup(container)
    row = values(s.agent.snapshot(cgroup), cgroup)
    return None if not row or row["flags"] & NO_RESTARTS else row["restarts"]


def restarts_are_what_the_runtime_says(s):
    """A kubelet makes a new container each time, with the number of the attempt."""
    until("what the runtime says", lambda: restarts(s, s.cache) == 0)
    for attempt in 1, 2:
        s.pod.remove(s.cache)
        s.cache = s.pod.run("cache", attempt=attempt)
        s.named(s.cache, "cache")
        until(f"attempt {attempt}", lambda n=attempt: restarts(s, s.cache) == n)
    for server in s.agent.path, s.aggregator.socket:
        until("the CLI says so", lambda where=server: [
            c["signals"]["restarts"]["total"] for c in json.loads(s.ask(
                where, "get", "containers", "shop/web-7d9f/cache", "-o", "json"))["items"]] == [2])


def what_is_stopped_and_removed_goes(s):
    s.pod.remove(s.cache)
    until("the row that ends", lambda: not s.identity(s.cache))
    s.named(s.api, "api")


def names_outlive_a_restart_of_the_runtime(s):
    helper = s.helper()
    s.runtime.stop()
    # Nobody asks a runtime without need: a cgroup that looks like a container it has not named is one.
    strange = [root + s.pod.cgroup("f" * 64) for root in hierarchies()]
    for path in strange:
        os.mkdir(path)
    until("a runtime that is away", lambda: not s.agent.counters()["agent_cri_connected"])
    for path in strange:
        os.rmdir(path)
    notice = s.agent.notices()["cri"]
    assert notice.level == "warn" and "does not answer" in notice.text and notice.fix, notice
    s.named(s.api, "api")
    s.runtime.start()
    again = s.pod.run("again")
    s.named(again, "again")
    assert s.agent.counters()["agent_cri_connected"] == 1 and s.helper() == helper
    assert s.agent.said().count("does not answer") == 1, "one notice, however often it was tried"


def the_helper_may_do_nothing_else(s):
    if not inject.possible or "sanitizer" in s.agent.said():
        return
    pid = s.helper()
    tried = acts(DIR, os.getpid())
    if "Landlock on" in s.agent.said():
        tried += acts_inside_the_cage(DIR)
    for thread in map(int, os.listdir(f"/proc/{pid}/task")):
        with inject.Thread(pid, thread) as t:
            allowed = [(act.name, a) for act in tried if (a := act.answer(t)) not in (-errno.EPERM, -errno.EACCES)]
        assert not allowed, (thread, allowed)


def the_helper_has_no_privilege(s):
    def status(pid):
        with open(f"/proc/{pid}/status", encoding="utf-8") as f:
            return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)

    if "sanitizer" in s.agent.said():
        return  # such a build keeps all
    agent, helper = status(s.agent.process.pid), status(s.helper())
    group = str(os.stat(s.runtime.socket).st_gid)
    for which in agent, helper:
        assert "0" not in which["Uid"].split() and which["NoNewPrivs"] == "1" and which["Seccomp"] == "2", which
        assert all(int(which[c], 16) == 0 for c in ("CapInh", "CapPrm", "CapEff", "CapAmb")), which
        assert not which["Groups"].split(), which
    assert helper["Gid"].split() == [group] * 4, helper
    assert group not in agent["Gid"].split(), "only the helper may talk to the runtime"
    the_helper_may_do_nothing_else(s)
    assert helper["Threads"] != "1" and helper["Name"] == "plimsoll-names", helper


def the_agent_lives_without_its_helper(s):
    os.kill(s.helper(), signal.SIGKILL)
    notice = until("a notice", lambda: (lambda n: n if "has ended" in n.text else None)(s.agent.notices()["cri"]))
    assert notice.level == "warn" and "start the agent again" in notice.fix, notice
    s.named(s.api, "api")
    nameless = s.pod.run("nameless")
    d = until("a row without a name", lambda: s.identity(nameless))
    assert (d.kind, d.name, d.pod_name, d.pod_uid) == (POD_CONTAINER, nameless[:12], "", UID), d
    assert s.helper() is None


def the_helper_ends_with_the_agent(s):
    s.agent.kill(signal.SIGKILL)
    again = s.pod.run("often", attempt=5)
    for signum, code in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 0)):
        s.start_agent()
        s.named(s.api, "api")  # a new agent learns them at once
        until("the restarts before it", lambda: restarts(s, again) == 5)
        helper = s.helper()
        assert s.agent.kill(signum) == code
        until("the end of the helper", lambda pid=helper: not os.path.exists(f"/proc/{pid}"))


def an_agent_that_was_never_root(s):
    """As a systemd unit starts it. With CAP_SETGID its helper takes the socket's group, root's here; the agent has
    neither the group nor, once it runs, the capability."""
    if s.sanitized:
        return  # its runtime needs more than such a user has, and it would not take the group
    folder = os.path.join(DIR, "never-root")
    for path in folder, os.path.join(folder, "run"):
        os.mkdir(path, 0o711)
        os.chown(path, ANYBODY, ANYBODY)

    def start(*capabilities):
        s.agent = Agent(os.path.join(BIN, "plimsoll-agent"), folder, "--cri", "unix:" + s.runtime.socket,
                        command=ambient("bpf", "perfmon", "net_admin", *capabilities))

    start()
    notice = until("a notice", lambda: (lambda n: n if n.level == "warn" else None)(s.agent.notices()["cri"]))
    assert "permission denied" in notice.text and "CAP_SETGID" in notice.fix, notice
    assert until("the row", lambda: s.identity(s.api)).name == s.api[:12]
    assert s.agent.kill(signal.SIGTERM) == 0
    start("setgid")
    s.named(s.api, "api")
    the_helper_has_no_privilege(s)
    assert s.agent.kill(signal.SIGTERM) == 0


def without_a_runtime_rows_go_by_their_ids(s):
    s.agent = Agent(os.path.join(BIN, "plimsoll-agent"), DIR, "--cri", "none")
    d = until("the row", lambda: s.identity(s.api))
    assert (d.name, d.pod_uid, d.pod_name) == (s.api[:12], UID, ""), d
    assert restarts(s, s.api) is None, "nobody knows"
    assert s.helper() is None and "cri" not in s.agent.notices()


def main():
    if os.geteuid() != 0:
        print("SKIP: containerd and the agent need root")
        return 77
    scene = None
    try:
        scene = Scene()
        for test in (containers_have_their_names, the_pause_container_is_one, an_event_less_runtime_is_asked,
                     a_container_uses_what_the_kernel_says,
                     people_see_what_it_uses_of_what_it_asked_for, people_see_names, the_fleet_learns_names_that_come_later,
                     the_helper_has_no_privilege, restarts_are_what_the_runtime_says,
                     what_is_stopped_and_removed_goes, names_outlive_a_restart_of_the_runtime,
                     the_agent_lives_without_its_helper, the_helper_ends_with_the_agent,
                     an_agent_that_was_never_root, without_a_runtime_rows_go_by_their_ids):
            test(scene)
            print("ok", test.__name__.replace("_", " "), flush=True)
        assert scene.agent.kill(signal.SIGTERM) == 0
    finally:
        if scene:
            scene.end()
        shutil.rmtree(DIR, ignore_errors=True)
    return 0


sys.exit(main())
