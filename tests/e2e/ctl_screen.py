# SPDX-License-Identifier: Apache-2.0
"""ctl_screen.py BIN: what people see of plimsoll on a terminal: answers that fit it, and top (in tmux)."""
import contextlib
import fcntl
import importlib
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))
import cli  # noqa: E402
import fleet  # noqa: E402
import grpc  # noqa: E402
from cli import NEVER, PLIMSOLL, TOP, environment, run  # noqa: E402
from fleet import Process  # noqa: E402
from loads import PATIENCE, Load, until  # noqa: E402
from terminal import Terminal  # noqa: E402

LONG = TOP + "-" + "with-a-name-that-is-longer-than-anybody-would-have-thought-" * 2 + "end"


# --- answers --------------------------------------------------------------------------------------

def resize(terminal, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))


class Answer:
    """What the program writes to a terminal of so many columns."""

    def __init__(self, *words, columns=80, **more):
        self.master, slave = pty.openpty()
        resize(slave, columns)
        self.out = b""
        self.process = subprocess.Popen([PLIMSOLL, *words], stdout=slave, stderr=slave, stdin=subprocess.DEVNULL,
                                        env=environment(TERM="xterm") | more)
        os.close(slave)

    def more(self):
        """False: the other end is closed."""
        try:
            chunk = os.read(self.master, 4096)
        except OSError:
            return False
        self.out += chunk
        return bool(chunk)

    def end(self, code=0):
        while self.more():
            pass
        os.close(self.master)
        assert self.process.wait(timeout=PATIENCE) == code, self.out
        return self.out

    def lines(self):
        return re.sub(r"\033\[\d*m", "", self.out.decode()).replace("\r", "").splitlines()


def on_terminal(*words, **more):
    return Answer(*words, **more).end()


def lines_on_terminal(*words, code=0, **more):
    answer = Answer(*words, **more)
    answer.end(code)
    return answer.lines()


def colours_are_for_terminals(w):
    words = ["nodes", "-s", w.agent.address]
    assert b"\033[" in on_terminal(*words)
    assert b"\033[" not in on_terminal(*words, NO_COLOR="1")
    assert b"\033[" not in on_terminal(*words, "--color", "never")
    p = subprocess.run([PLIMSOLL, *words, "--color", "always"], stdout=subprocess.PIPE, check=True, env=environment())
    assert b"\033[" in p.stdout


@contextlib.contextmanager
def long_name(w):
    """A cgroup whose path is longer than a line."""
    load = Load(LONG, "while True: time.sleep(1)")
    try:
        until("the long name", lambda: LONG in w.agent("get", "cgroups", "-o", "name"))
        yield
    finally:
        load.end()


def answers_fit_the_terminal(w):
    newest = w.aggregator.json("decisions", "--limit", "1")["items"][0]["id"]
    with long_name(w):
        for columns in (60, 80, 100, 120, 200):
            for server, *words in ((w.aggregator, "get"), (w.aggregator, "nodes"), (w.aggregator, "decisions"),
                                   (w.aggregator, "get", "policies"), (w.aggregator, "explain", newest),
                                   (w.aggregator, "describe", "policy/shop"), (w.agent, "get", "cgroups"),
                                   (w.agent, "get", "cgroups", "-o", "wide"), (w.agent, "status", "-o", "wide"),
                                   (w.agent, "describe", TOP + "/one"), (w.agent, "doctor"),
                                   (w.agent, "help", "get"), (w.agent, "simulate", "--policy", w.policy)):
                lines = lines_on_terminal(*words, "-s", server.address, columns=columns)
                long = [line for line in lines if len(line) > columns and " " in line.strip()]  # a path stays whole
                assert lines and not long, (columns, words, long)


def long_names_lose_their_middle(w):
    words = ["get", "cgroups", TOP + "*", "-s", w.agent.address]
    with long_name(w):
        for more, sign in (({}, "…"), ({"LC_ALL": "C"}, "...")):
            titles, row, *others = lines_on_terminal(*words, **more)
            assert sign == "…" or "".join([row, *others]).isascii(), others
            assert re.match("CGROUP +CPU .*SATURATION +BY WHAT +WHAT HELPS$", titles), titles
            assert re.match(re.escape(TOP[:9]) + r"\S*" + re.escape(sign) + r"\S*-end +\d+\.\d\d ", row), row
        for env in (environment(), environment(COLUMNS="40")):
            assert re.search(re.escape(LONG) + r" {3}cgroup +\d", run(*words, env=env))  # a pipe gets everything


def wide_lists_fold(w):
    """What a pipe gets in one table stands on a screen, too: below each other, each block with the name in front."""
    words = ["get", "cgroups", TOP + "/one", "-o", "wide", "-s", w.agent.address]
    paper = re.split(" {3,}", run(*words).split("\n")[0])
    assert len(paper) > 90, paper
    for columns in (80, 160):
        lines = lines_on_terminal(*words, columns=columns)
        assert all(len(line) <= columns for line in lines), lines
        blocks = [block.split("\n") for block in "\n".join(lines).split("\n\n")]
        titles = [re.split(" {3,}", block[0].strip()) for block in blocks]
        assert all(len(block) == 2 and re.match(TOP[:9] + r"\S*/one +\S", block[1]) for block in blocks), blocks
        assert all(t[0] == "CGROUP" and len(t) > 1 for t in titles), titles
        assert sorted(["CGROUP", *(word for t in titles for word in t[1:])]) == sorted(paper), titles
    causes = [word for word in paper if word.startswith("BY ") and word != "BY WHAT"]
    assert len(causes) == 7 and any(set(causes) <= set(t) for t in titles[:3]), titles


def sentences_are_broken_between_words(w):
    newest = w.aggregator.json("decisions", "--limit", "1")["items"][0]["id"]
    whole = w.aggregator("explain", newest)
    assert any(len(line) > 60 for line in whole.splitlines()), whole
    for columns in (40, 60, 80):
        lines = lines_on_terminal("explain", newest, "-s", w.aggregator.address, columns=columns)
        assert " ".join(lines).split() == whole.split(), (columns, lines)
    lines = lines_on_terminal("explain", newest, "-s", w.aggregator.address, columns=200, COLUMNS="60")
    assert max(len(line) for line in lines) <= 60, lines
    lines = lines_on_terminal("get", "nodse", columns=50, code=2)
    assert lines[1].startswith("  cause: ") and lines[2].startswith("  ") and len(lines) > 3, lines


def streams_follow_the_width(w):
    a = Answer("watch", "cgroups", TOP + "/one", "-s", w.agent.address, columns=120)
    killer = threading.Timer(PATIENCE, a.process.kill)
    killer.start()
    try:
        while len(a.lines()) < 3:
            assert a.more(), a.out
        resize(a.master, 50)
        while sum(line.startswith("TIME") or line.startswith("CGROUP") for line in a.lines()) < 2:
            assert a.more(), a.out
        a.process.send_signal(signal.SIGINT)
        a.end(-signal.SIGINT)
        titles = [line for line in a.lines() if "CGROUP" in line]
        assert "KIND" in titles[0] and 80 < len(titles[0]) <= 120, titles
        after = a.lines()[a.lines().index(titles[1]):]
        assert "KIND" not in titles[1] and all(len(line) <= 50 for line in after if line != "^C"), after
    finally:
        killer.cancel()
        a.process.kill()


def a_dumb_terminal_gets_lines(w):
    out = on_terminal("top", "--seconds", "4", "-s", w.agent.address, columns=100, TERM="dumb")
    assert out.startswith(b"TIME ") and b"\033" not in out and re.search(rb"/plimsoll-\S*/one ", out), out


# --- top in a terminal ----------------------------------------------------------------------------

def top_fills_the_screen(w):
    t = Terminal(w.path)
    try:
        t.keys(f"{PLIMSOLL} top -s {w.aggregator.address}", "Enter")
        screen = t.sees(r"plimsoll +1 node +\d+ workloads? +\d+ pods?", r"LAST DECISIONS\n.*d-\d+", r"q quit")
        t.selects("shop")
        assert "ready" not in screen, screen  # the alternate screen
        t.keys("Enter")
        t.sees(r"shop \d+ -> \d+ at .*\(d-\d+", "asked for most")
        t.keys("Escape")
        t.sees("▸ shop")
        t.keys("d")
        t.sees("WHY AND OUTCOME", r"▸ \d\d:\d\d:\d\d +d-\d+")
        t.keys("d")
        t.keys("p")
        t.sees(r"▸ shop.*paused")
        t.keys("p")
        until("the end of the pause", lambda: not w.aggregator.json("get", "workloads", "shop")["items"][0]["paused"])
        t.keys("/")
        t.keys("zzz")
        t.sees("filter: zzz", "nothing fits")
        t.keys("BSpace", "BSpace", "BSpace", "h", "o", "Enter")
        t.sees("▸ shop", r"/ +ho ")
        t.keys("s")
        t.sees("sort: cpu")
        t.resize(80, 24)
        screen = t.sees("▸ shop", r"\n [^\n]*q quit")
        assert all(len(line) <= 80 for line in screen.splitlines()), screen
        t.keys("q")
        t.sees(r"ready +\S*top|ready")
        t.keys("echo code $?; stty -a", "Enter")
        assert "NDELAY" not in t.sees("code 0", " icanon", " echo ")  # and standard input waits again
    finally:
        t.close()


def top_fits_80_columns(w):
    """With what holds each back and what helps: that is what it is for."""
    t = Terminal(w.path)
    try:
        for server, wider, order in ((w.aggregator, "LAST DECISION", "name"), (w.agent, "MEMORY", "saturation")):
            t.resize(80, 24)
            t.keys(f"clear; {PLIMSOLL} top -s {server.address}", "Enter")
            screen = t.sees("▸ ", "SATURATION +BY WHAT +WHAT HELPS", "CPU.* SATURATION", f"sort: {order} ")
            assert wider not in screen.splitlines()[2] and all(len(line) <= 80 for line in screen.splitlines()), screen
            assert "RUNQ" not in screen and "c causes" in screen, screen
            t.keys("c")
            screen = t.sees("RUNQ +THROT +MEM +IO +ACCEPT +NET +CONN", "c use .*q quit")
            assert all(len(line) <= 80 for line in screen.splitlines()), screen
            t.keys("c")
            t.sees("SATURATION +BY WHAT +WHAT HELPS", "c causes")
            t.resize(120, 24)
            t.sees(wider + ".*", "SATURATION +BY WHAT +WHAT HELPS")
            t.keys("q")
            t.sees("ready")
            t.resize(80, 24)
            t.keys(f"clear; {PLIMSOLL} top -o wide -s {server.address}", "Enter")
            t.sees("▸ ", "RUNQ +THROT +MEM +IO +ACCEPT +NET +CONN")
            t.keys("q")
            t.sees("ready")
    finally:
        t.close()


def top_shows_every_signal(w):
    """And every cause, of one cgroup, whatever the screen: what is wider is broken, what is longer scrolls."""
    with open(os.path.join(fleet.ROOT, "ctl", "column.c"), encoding="utf-8") as f:
        titles = re.findall(r'\t(?:ONE|TWO|THREE|OF_HIST)\("([^"]+)"', f.read())
    assert len(titles) > 50, titles
    wanted = [*titles, "cpu-runqueue", "cpu-throttle", "accept-queue", "network  ", "what helps"]
    t = Terminal(w.path)
    try:
        for columns, rows in ((80, 24), (200, 50)):
            t.resize(columns, rows)
            t.keys(f"clear; {PLIMSOLL} top -s {w.agent.address}", "Enter")
            t.sees("▸ ")
            t.keys("/")
            t.keys(TOP + "/one", "Enter")
            t.sees(r"▸ \S+/one ")
            t.keys("Enter")
            seen = [t.sees(r"on e2e +one.*\n\n +held back\n +cpu-runqueue ", r"\n +what helps ")]
            for _ in range(3):
                t.keys("NPage")
                time.sleep(0.3)
                seen.append(t.screen())
            missing = [word for word in wanted if not any(re.search(rf"(^| ){word} ", s, re.M) for s in seen)]
            assert not missing, (columns, missing, seen)
            assert all(len(line) <= columns for s in seen for line in s.splitlines())
            t.keys("q")
            t.sees("ready")
    finally:
        t.close()


def top_gives_the_terminal_back(w):
    t = Terminal(w.path)
    try:
        for how, code in (("C-c", 130), ("TERM", 143)):
            t.keys(f"clear; {PLIMSOLL} top -s {w.agent.address}; echo code $?", "Enter")
            t.sees(r"▸ /", r"plimsoll +\d+ cgroups")
            if how == "TERM":
                pane = subprocess.run([*t.tmux, "list-panes", "-F", "#{pane_pid}"], check=True, capture_output=True,
                                      text=True).stdout.strip()
                child = subprocess.run(["ps", "-o", "pid=", "--ppid", pane], check=True, capture_output=True,
                                       text=True).stdout.split()
                os.kill(int(child[0]), signal.SIGTERM)
            else:
                t.keys(how)
            t.sees(f"code {code}")
        t.keys(f"clear; ulimit -c 0; {PLIMSOLL} top -s {w.agent.address}; echo code $?; stty -a", "Enter")
        t.sees(r"▸ /")
        t.keys("C-\\")
        t.sees("code 131", " icanon", " echo ")
        t.keys(f"clear; set -m; {PLIMSOLL} top -s {w.agent.address}", "Enter")
        t.sees(r"▸ /")
        t.keys("C-z")
        t.sees("Stopped")
        t.keys("fg", "Enter")
        assert "Stopped" not in t.sees(r"▸ /")
        # The daemon goes and comes back; top stays.
        w.agent_process.end()
        t.sees(r"trying again: \S.*(not running|nobody listens)")
        w.agent_process = Process(w.agent_process_command, w.path + "/agent.log")
        until("top to recover", lambda: "trying again" not in t.screen())
        t.sees(r"▸ /")
        t.keys("q")
        t.sees("ready")
    finally:
        t.close()


def ctrl_z_freezes_nobody_without_a_shell(w):
    """As `ssh -t host plimsoll top`: the only process of its session, so nobody could wake it."""
    pid, master = pty.fork()
    if pid == 0:
        os.execve(PLIMSOLL, [PLIMSOLL, "top", "-s", w.agent.address], environment(TERM="xterm"))
    killer = threading.Timer(PATIENCE, os.kill, (pid, signal.SIGKILL))
    killer.start()
    try:
        out = read_until(master, "▸ /".encode())
        os.write(master, b"\x1a")
        out = read_until(master, "▸ /".encode())
        os.write(master, b"q")
        read_until(master, b"\033[?1049l")
    finally:
        status = os.waitpid(pid, 0)[1]
        killer.cancel()
        os.close(master)
    assert os.waitstatus_to_exitcode(status) == 0, (status, out)


def read_until(terminal, wanted):
    out = b""
    while wanted not in out:
        out += os.read(terminal, 4096)
    return out


class SlowDaemon:
    """An aggregator that measured nothing, whose answers come when the test says so. `fails`: what of the
    decisions' list is still refused."""

    def __init__(self, path):
        scaling = importlib.import_module("plimsoll.v1.scaling_pb2")
        status = importlib.import_module("plimsoll.v1.status_pb2")
        self.pausing, self.explaining, self.fails = threading.Event(), threading.Event(), 1
        decision = scaling.Decision(id="d-7", workload="slow", outcome="a tale", **{"from": 1, "to": 2})
        workloads = scaling.ListWorkloadsResponse(nodes=1, newest_sample_age_ns=NEVER, workload=[
            scaling.Workload(name="slow", policy="slow", replicas=1, last_decision="d-7")])

        def watch(_request, context):
            while context.is_active():
                yield workloads.SerializeToString()
                time.sleep(0.2)

        def decisions(_request, context):
            if self.fails:
                self.fails -= 1
                context.abort(grpc.StatusCode.INTERNAL, "not now")
            return scaling.ListDecisionsResponse(decision=[decision]).SerializeToString()

        def after(event, answer):
            return grpc.unary_unary_rpc_method_handler(
                lambda _request, _context: event.wait(PATIENCE) and answer.SerializeToString())

        now = threading.Event()
        now.set()
        self.server = cli.serve(path, {
            "Status": {"Get": after(now, status.StatusResponse(program="plimsoll-aggregator"))},
            "Scaling": {"WatchWorkloads": grpc.unary_stream_rpc_method_handler(watch),
                        "ListDecisions": grpc.unary_unary_rpc_method_handler(decisions),
                        "Pause": after(self.pausing, scaling.PauseResponse()),
                        "Explain": after(self.explaining, scaling.ExplainResponse(text="a late tale"))}})

    def end(self):
        self.pausing.set()
        self.explaining.set()
        self.server.stop(None).wait()


def top_waits_for_answers(w):
    path = os.path.join(w.path, "slow.sock")
    daemon, t = SlowDaemon(path), Terminal(w.path)
    try:
        t.keys(f"{PLIMSOLL} top -s unix:{path} -t 60s", "Enter")
        screen = t.sees("▸ slow", r"LAST DECISIONS\n.*d-7.*a tale")  # asked again after a refusal
        assert "newest sample" not in screen, screen  # there is none
        t.keys("p", "s")
        screen = t.sees("sort: cpu")
        assert "slow is paused" not in screen, screen
        daemon.pausing.set()
        t.sees("slow is paused; p resumes it")
        t.keys("Enter", "/", "s")
        t.sees("filter: s")
        daemon.explaining.set()
        t.keys("l", "o", "w")
        assert "a late tale" not in t.sees("filter: slow")
        t.keys("Enter", "Enter")
        t.sees("a late tale")
        t.keys("q")
        t.sees("ready")
    finally:
        t.close()
        daemon.end()


sys.exit(cli.main((colours_are_for_terminals, answers_fit_the_terminal, long_names_lose_their_middle, wide_lists_fold,
                   sentences_are_broken_between_words, streams_follow_the_width, a_dumb_terminal_gets_lines,
                   top_fills_the_screen, top_fits_80_columns, top_shows_every_signal, top_gives_the_terminal_back,
                   ctrl_z_freezes_nobody_without_a_shell, top_waits_for_answers)))
