# SPDX-License-Identifier: Apache-2.0
"""What bench-overhead and bench-agent set side by side: our agent, and what Debian ships for the same purpose.
Each side runs in a cgroup of its own, whose cpu.stat says what it took, its helpers included. Packages with
services are unpacked, not installed, by ./dev bench; a side that is not there is left out, and said."""
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

BIN = os.path.dirname(os.path.abspath(sys.argv[0]))
UNPACKED = os.path.join(os.path.dirname(BIN), "peers")  # by ./dev
PATIENCE = 30
EXPORTER, NETDATA = 29100, 29999  # ports
PORT = 29461


def end_early(*_):
    sys.exit("ended early")


# Whoever uses this has cgroups and processes to remove, also when started with & or ended by timeout(1).
signal.signal(signal.SIGTERM, end_early)
signal.signal(signal.SIGINT, end_early)


def first_of(*paths):
    return next((p for p in paths if p and os.path.exists(p)), None)


def program(name):
    return first_of(*(os.path.join(UNPACKED, d, name) for d in ("usr/sbin", "usr/bin")),
                    shutil.which(name), "/usr/sbin/" + name)


def cgroup_root():
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        for line in mounts:
            if " - cgroup2 " in line:
                return line.split()[4]
    sys.exit("SKIP: no cgroup v2 hierarchy is mounted")


def until(what, ask):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if ask():
            return
        time.sleep(0.05)
    sys.exit(f"waited in vain for {what}")


def answers(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
            return len(answer.read()) > 0
    except OSError:
        return False


class Side:
    """One program, or a few, in a cgroup of its own."""
    name = ""

    def __init__(self, directory):
        self.dir = os.path.join(directory, self.name.replace(" ", "-"))
        os.makedirs(self.dir, exist_ok=True)
        os.chmod(self.dir, 0o711)
        self.cgroup = os.path.join(cgroup_root(), f"plimsoll-bench-{os.getpid()}-{self.name.replace(' ', '-')}")
        self.processes = []

    def there(self):
        return True

    def spawn(self, *command, environment=None, **more):
        def enter():
            with open(self.cgroup + "/cgroup.procs", "w", encoding="utf-8") as procs:
                procs.write("0")

        os.makedirs(self.cgroup, exist_ok=True)
        log = open(os.path.join(self.dir, f"log{len(self.processes)}"), "w", encoding="utf-8")
        p = subprocess.Popen(command, preexec_fn=enter, stdin=subprocess.DEVNULL, stdout=more.get("stdout", log),
                             stderr=log, env={**os.environ, **(environment or {})})
        log.close()
        self.processes.append(p)
        return p

    def start(self):
        pass

    def members(self):
        if not os.path.exists(self.cgroup):
            return []
        with open(self.cgroup + "/cgroup.procs", encoding="utf-8") as procs:
            return [int(line) for line in procs]

    def stop(self):
        for p in reversed(self.processes):
            p.send_signal(signal.SIGTERM)
            try:
                p.wait(10)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        self.processes = []
        for pid in self.members():  # helpers that outlive their parent; ours by their cgroup
            os.kill(pid, signal.SIGKILL)
        if os.path.exists(self.cgroup):
            until("an empty cgroup", lambda: not self.members())
            os.rmdir(self.cgroup)

    def cpu_s(self):
        with open(self.cgroup + "/cpu.stat", encoding="utf-8") as stat:
            return int(dict(line.split() for line in stat)["usage_usec"]) / 1e6

    def memory(self):
        """Resident bytes and those of them that no file backs, of all its processes."""
        resident = anonymous = 0
        for pid in self.members():
            with open(f"/proc/{pid}/status", encoding="utf-8") as status:
                fields = dict(line.split(":", 1) for line in status)
            resident += int(fields["VmRSS"].split()[0]) * 1024
            anonymous += int(fields["RssAnon"].split()[0]) * 1024
        return resident, anonymous


class Nothing(Side):
    name = "none"

    def stop(self):
        pass


class Agent(Side):
    """All parts, no budget: nothing is left out to look cheap."""
    name = "plimsoll-agent"
    options = ()

    def start(self):
        self.socket = os.path.join(self.dir, "run", "agent.sock")
        self.spawn(os.path.join(BIN, "plimsoll-agent"), "--config", "", "--node", "bench", "--socket", self.socket,
                   "--budget", "0", "--kernel-budget", "0", *self.options)
        until("the agent", lambda: os.path.exists(self.socket))

    def counters(self):
        text = subprocess.run([os.path.join(BIN, "plimsoll"), "status", "-o", "wide", "--server",
                               "unix:" + self.socket], check=True, stdout=subprocess.PIPE, text=True).stdout
        pairs = (line.split() for line in text.splitlines() if line.startswith("agent_"))
        return {name: float(value) for name, value in pairs}


class Aggregator(Side):
    name = "plimsoll-aggregator"

    def start(self):
        self.spawn(os.path.join(BIN, "plimsoll-aggregator"), "--config", "", "--listen", f"127.0.0.1:{PORT}", "--socket",
                   os.path.join(self.dir, "aggregator.sock"), "--http", "", "--state-dir",
                   os.path.join(self.dir, "state"), "--tls-dir", self.tls)
        until("the aggregator", lambda: os.path.exists(os.path.join(self.dir, "aggregator.sock")))


class Runqlat(Side):
    """The histogram of run-queue waits, all cgroups in one, printed once a second."""
    name = "bcc runqlat"

    def there(self):
        return program("runqlat")

    def start(self):
        with open(os.devnull, "w", encoding="utf-8") as nowhere:
            self.spawn(program("runqlat"), "1", stdout=nowhere)
        time.sleep(1)
        if self.processes[0].poll() is not None:
            sys.exit("runqlat ended by itself; see why: runqlat 1")


class Scraped(Side):
    """Asked for everything once a second, as Prometheus would, though that asks every 15 s."""
    port, path = 0, ""

    def start_scraping(self):
        until(self.name, lambda: answers(self.port, self.path))
        self.end = threading.Event()
        self.thread = threading.Thread(target=self.scrape)
        self.thread.start()

    def scrape(self):
        while not self.end.wait(1):
            answers(self.port, self.path)

    def stop(self):
        if hasattr(self, "thread"):
            self.end.set()
            self.thread.join()
        super().stop()


class Exporter(Scraped):
    name = "node-exporter"
    port, path = EXPORTER, "/metrics"

    def there(self):
        return program("prometheus-node-exporter")

    def start(self):
        self.spawn(program("prometheus-node-exporter"), f"--web.listen-address=127.0.0.1:{self.port}")
        self.start_scraping()


class Netdata(Side):
    """As Debian ships it, without cloud, registry and learning; nobody looks at it."""
    name = "netdata"

    def there(self):
        return program("netdata")

    def start(self):
        stock = first_of(UNPACKED + "/usr/lib/netdata", "/usr/lib/netdata")
        web = first_of(UNPACKED + "/usr/share/netdata/web", "/usr/share/netdata/web") or self.dir
        config = os.path.join(self.dir, "netdata.conf")
        with open(config, "w", encoding="utf-8") as f:
            f.write("[global]\n  run as user = root\n[directories]\n"
                    f"  stock config = {stock}/conf.d\n  plugins = {stock}/plugins.d\n  web = {web}\n"
                    + "".join(f"  {what} = {self.dir}\n" for what in ("config", "cache", "lib", "log", "home"))
                    + f"[web]\n  bind to = 127.0.0.1:{NETDATA}\n[registry]\n  enabled = no\n"
                    "[cloud]\n  enabled = no\n[ml]\n  enabled = no\n")
        self.spawn(program("netdata"), "-D", "-c", config)
        until("netdata", lambda: answers(NETDATA, "/api/v1/info"))

    def stop(self):
        super().stop()
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)


def those_there(sides):
    for side in sides:
        if not side.there():
            print(f"left out, for it is not on this machine: {side.name}", file=sys.stderr)
    return [s for s in sides if s.there()]


def directory():
    path = tempfile.mkdtemp(prefix="plimsoll-bench-")
    os.chmod(path, 0o711)
    return path


def spread(values, form="{:.3f}"):
    """Median (least–most)."""
    values = list(values)
    return (form + " (" + form + "–" + form + ")").format(statistics.median(values), min(values), max(values))
