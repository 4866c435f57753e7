# SPDX-License-Identifier: Apache-2.0
"""ctl.py BIN: what plimsoll answers, read through pipes as scripts do: every command in every form, wrong input, a
hostile daemon. ctl_screen.py is about terminals."""
import contextlib
import importlib
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))
import cli  # noqa: E402
import grpc  # noqa: E402
from cli import NEVER, PLIMSOLL, TOP, Server, both, environment, run  # noqa: E402
from loads import PATIENCE, Load, memory_limit, until  # noqa: E402

FORMS = ("table", "wide", "json", "yaml", "name")
EVIL = "evil\033[2J\u009b31m\u202e\n\r\x07"


# --- what every command says ----------------------------------------------------------------------

def every_form_of_every_list(w):
    a = w.aggregator
    explained = a("help", "columns").splitlines()
    for words, kind, header in ((["get"], "Workload", "WORKLOAD"),
                                (["get", "workloads", "shop"], "Workload", "WORKLOAD"),
                                (["nodes"], "Node", "NODE"), (["get", "cgroups", TOP + "/*"], "Cgroup", "CGROUP"),
                                (["get", "policies"], "Policy", "POLICY"),
                                (["decisions"], "Decision", "ID"), (["get", "decisions", "shop"], "Decision", "ID")):
        out = {form: a(*words, "-o", form) for form in FORMS}
        items = json.loads(out["json"])
        assert items["kind"] == kind + "List" and items["apiVersion"] == "plimsoll.io/v1alpha1", items
        n = len(items["items"])
        assert n > 0, words
        assert header in out["table"].split() and header in out["wide"].split(), out
        for form in ("table", "wide"):
            titles = re.split(" {3,}", out[form].split("\n")[0].strip())
            assert len(titles) > 3 and len(titles) == len(set(titles)), sorted(titles)
            assert not set(titles) - set(explained), set(titles) - set(explained)
        assert len(out["wide"].split("\n")[0]) > len(out["table"].split("\n")[0]), out
        assert out["yaml"].startswith(f"apiVersion: plimsoll.io/v1alpha1\nkind: {kind}List\nitems:\n- "), out
        assert all("/" in line for line in out["name"].splitlines()) and out["name"], out
        assert header not in a(*words, "--no-headers").split("\n")[0].split(), words


def the_figures_are_the_loads(w):
    def busy(server):
        row = server.json("get", "cgroups", TOP + "/one")["items"]
        return row and (row[0]["cpu_cores"] or 0) > 0.2 and row[0]
    for server in (w.agent, w.aggregator):
        row = until("a busy cgroup", lambda s=server: busy(s))
        assert row["cpu_cores"] < 1.1 and row["node"] == "e2e" and row["name"] == "one", row
        assert row["memory_working_set_bytes"] > 0 and row["memory_limit_bytes"] is None, row
        line = server("get", "cgroups", TOP + "/one", "--no-headers").split()
        assert line[0] == TOP + "/one" and line[4] == "–", line  # no limit is no 0
    shop = w.aggregator.json("get", "workloads", "shop")["items"][0]
    assert shop["policy"] == "shop" and shop["replicas"] == 1 and shop["cpu_request_cores"] == 0.25, shop
    assert shop["memory_limit_bytes"] is None and not shop["paused"], shop
    assert shop["requests_per_second"] is shop["request_p95_seconds"] is None, shop  # nobody hears them here
    assert shop["last_decision"]["id"].startswith("d-"), shop
    node = w.agent.json("get", "nodes", "e2e")["items"][0]
    assert node["cpus"] == os.cpu_count() and 0 < node["cpu_used"] <= 1.01, node


def everything_about_one(w):
    """describe, and the wide list: every signal and every cause, on both servers."""
    for server in (w.agent, w.aggregator):
        page = server("describe", TOP + "/one")
        for word in ("cpu limit", "oom kills", "last OOM victim: none", "io p99", "connect p95", "retransmits/s",
                     "queue limit", "busiest", "cpu-runqueue", "accept-queue", "what helps"):
            assert word in page, (word, page)
        tree = server.json("describe", TOP + "/one")
        cpu, wait = (tree["signals"][name]["rate"] for name in ("cpu_seconds", "runq_wait_seconds"))
        assert tree["signals"]["threads"]["now"] >= 1 and cpu > 0 and cpu + wait > 0.5, tree  # it always wants one
        assert 0 <= tree["saturation"]["cpu-runqueue"] <= 1, tree
        assert tree["quantiles"]["connect"] == {f"p{n}_seconds": None for n in (50, 95, 99)}, tree  # it calls nobody
        head = server("get", "cgroups", TOP + "/one", "-o", "wide").split("\n")[0]
        for title in ("THROTTLED", "SLAB", "IO MEAN", "RTT", "OVERFLOWS/S", "AGE", "CPU-THROTTLE", "WHAT HELPS"):
            assert title in head, (title, head)


def connects_have_quantiles(w):
    """From the kernel over the agent and the aggregator to here."""
    load = Load(TOP + "-caller", """import socket, time
listener = socket.create_server(("127.0.0.1", 0))
while True:
    with socket.create_connection(listener.getsockname()), listener.accept()[0]:
        time.sleep(0.02)
""")
    try:
        for server in (w.agent, w.aggregator):
            def told(ask=server):
                return ask.json("describe", load.cgroup)["quantiles"]["connect"]
            connect = until("connects", lambda ask=told: (q := ask())["p95_seconds"] and q)
            assert 0 < connect["p50_seconds"] <= connect["p95_seconds"] <= connect["p99_seconds"], connect
    finally:
        load.end()


def the_last_victim_is_named(w):
    """A process that gave itself a hostile name is killed for want of memory."""
    load = Load(TOP + "-short", """open("/proc/self/comm", "wb").write(b"hog\\x1b[2J\\xff")
open(sys.argv[1], "w").write(str(24 << 20))
b"x" * (96 << 20)
""", memory_limit(TOP + "-short"))
    try:
        pid = load.process.pid
        assert load.process.wait(PATIENCE) == -signal.SIGKILL
        told = f"last OOM victim: hog\\033[2J\\377 ({pid}), "
        for server in (w.agent, w.aggregator):
            page = until("the victim", lambda s=server: told in (p := s("describe", load.cgroup)) and p)
            assert re.search(re.escape(told) + r"\S+ ago\n", page), page
            row = server.json("get", "cgroups", load.cgroup)["items"][0]
            assert row["oom_victim"]["pid"] == pid and row["oom_victim"]["count"] == 1, row
            assert 0 <= row["oom_victim"]["age_seconds"] < PATIENCE, row
            assert f"hog\\033[2J\\377 ({pid}), " in server("get", "cgroups", load.cgroup, "-o", "wide")
        with open(os.path.join(w.path, "agent.log"), encoding="utf-8") as log:
            assert f"out of memory: the kernel killed hog\\033[2J\\377 ({pid}) in {load.cgroup}\n" in log.read()
    finally:
        load.end()


def a_decision_is_explained(w):
    newest = w.aggregator.json("decisions", "--limit", "1")["items"][0]
    assert newest["from"] == 1 and newest["to"] > 1 and newest["mode"] == "Observe", newest
    text = w.aggregator("explain", newest["id"])
    assert newest["id"] in text and f"{newest['from']} -> {newest['to']}" in text, text
    assert re.search(r"d-\d+", w.aggregator("explain", "shop"))
    e = w.aggregator.json("explain", newest["id"])
    assert e["id"] == newest["id"] and e["record"]["policy"]["name"] == "shop" and e["text"] == text, e
    assert w.aggregator("explain", newest["id"], "-o", "name") == f"decision/{newest['id']}\n"
    assert "\n  " not in w.aggregator("explain", newest["id"], "-o", "yaml").split("text: ")[1].split("\n")[0]
    assert w.aggregator.json("decisions", "--since", "1h")["items"]
    assert w.aggregator.json("decisions", "nobody")["items"] == []


def a_decision_is_made_again(w):
    newest = w.aggregator.json("decisions", "--limit", "1")["items"][0]
    for word in (newest["id"], "shop"):
        assert "byte for byte" in w.aggregator("replay", word), word
    again = w.aggregator.json("replay", newest["id"])
    assert again["same"] and (again["from"], again["to"]) == (newest["from"], newest["to"]), again


def a_load_is_recorded_and_simulated(w):
    text = w.aggregator("record", "shop", "--seconds", "4")
    lines = [json.loads(line) for line in text.splitlines()]
    assert lines[0]["kind"] == "Trace" and lines[1]["second"] == 0, lines
    seconds = [line["second"] for line in lines[1:]]
    assert seconds == sorted(set(seconds)) and len(lines) >= 4, lines
    assert any(line.get("cpuMilli", 0) > 100 for line in lines[1:]), lines  # it always wants a CPU
    with open(os.path.join(w.path, "load.trace"), "w", encoding="utf-8") as f:
        f.write(text)
    said = json.loads(run("simulate", "-o", "json", "--policy", w.policy,
                          "--trace", os.path.join(w.path, "load.trace")))
    assert said["items"][0]["policy"] == "shop" and said["items"][0]["replicaHours"] > 0, said
    vpa = os.path.join(w.path, "vpa.yaml")
    with open(vpa, "w", encoding="utf-8") as f:
        f.write("apiVersion: autoscaling.k8s.io/v1\nkind: VerticalPodAutoscaler\nmetadata: {name: web}\n"
                "spec: {targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}\n")
    assert "web is passed over" in both("simulate", "--policy", f"{w.policy},{vpa}")[1]
    assert "no workload is called" in w.aggregator("record", "nobody", "--seconds", "2", code=1)


def a_recording_that_is_ended_has_its_last_line(w):
    for signum in signal.SIGINT, signal.SIGTERM:
        p = subprocess.Popen([PLIMSOLL, "record", "shop", "--server", w.aggregator.address], stdout=subprocess.PIPE, text=True)
        first = [p.stdout.readline(), p.stdout.readline()]
        p.send_signal(signum)
        text = "".join(first) + p.stdout.read()
        assert p.wait() == -signum, (p.returncode, text)
        *_, last_sample, end = map(json.loads, text.splitlines())
        assert "cpuMilli" in last_sample and end == {"second": last_sample["second"] + 1}, text
        trace = os.path.join(w.path, "ended.trace")
        with open(trace, "w", encoding="utf-8") as f:
            f.write(text)
        run("simulate", "--policy", w.policy, "--trace", trace)


def the_brake_holds(w):
    a = w.aggregator
    assert "paused until" in a("pause", "shop", "--why", "a test")
    assert a.json("get", "workloads", "shop")["items"][0]["paused"]
    assert "paused" in a("get")
    again = a.json("pause", "shop", "--for", "10m")
    assert again["was_paused"] and again["for_seconds"] == 600, again
    assert a("resume", "shop") == "shop is scaled again\n"
    assert a("resume", "shop") == "shop was not paused\n"
    assert a("pause", "shop", "--for", "1s") == "shop is paused for 1.0s\n"
    until("the pause's end", lambda: not a.json("get", "workloads", "shop")["items"][0]["paused"])


def streams_flow(w):
    for words, kind in ((["watch"], "Workload"), (["get", "nodes", "--watch"], "Node"), (["top"], "Workload"),
                        (["watch", "policies"], "ScalingPolicy")):
        lines = [json.loads(l) for l in w.aggregator(*words, "-o", "json", "--seconds", "4").splitlines()]
        assert len(lines) >= 2 and all(l["kind"] == kind and l["time"] for l in lines), lines
    out = w.agent("top", "--seconds", "4").splitlines()
    assert out[0].split()[:2] == ["TIME", "CGROUP"] and any(TOP in line for line in out[1:]), out
    assert sum(line.startswith("TIME") for line in out) == 1, out
    p = subprocess.Popen([PLIMSOLL, "watch", "nodes", "--server", w.agent.address], stdout=subprocess.PIPE,
                         env=environment())
    p.stdout.readline()
    p.stdout.close()  # as `| head -1` does
    assert p.wait(timeout=PATIENCE) == -signal.SIGPIPE
    p = subprocess.Popen([PLIMSOLL, "decisions", "--watch", "--server", w.agent.address],
                         stderr=subprocess.PIPE, env=environment())
    assert b"an agent" in p.stderr.read() and p.wait(timeout=PATIENCE) == 1


class Lines:
    """What a program writes, as it comes."""

    def __init__(self, stream):
        self.seen = []
        threading.Thread(target=lambda: self.seen.extend(stream), daemon=True).start()

    def count(self, text):
        return sum(text in line for line in self.seen)


@contextlib.contextmanager
def gone(daemon):
    daemon.end()
    try:
        yield
    finally:
        with open(daemon.log, "ab") as out:
            daemon.process = subprocess.Popen(daemon.process.args, stdin=subprocess.DEVNULL, stdout=out, stderr=out)


def a_stream_outlives_its_daemon(w):
    """It says once that the daemon is gone, with a cause that can be true of a unix socket, and goes on."""
    for words, word, server, daemon in ((["watch", "nodes"], "e2e", w.agent, w.agent_process),
                                        (["watch"], "shop", w.aggregator, w.daemon),
                                        (["watch", "policies"], "shop", w.aggregator, w.daemon),
                                        (["record", "shop"], "cpuMilli", w.aggregator, w.daemon)):
        p = subprocess.Popen([PLIMSOLL, *words, "--server", server.address], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, env=environment())
        try:
            rows, trouble = Lines(p.stdout), Lines(p.stderr)
            until("rows", lambda r=rows, x=word: r.count(x) > 1)
            with gone(daemon):
                until("the trouble", lambda t=trouble: t.count("; trying again"))
                time.sleep(2.5)
                assert p.poll() is None and len(trouble.seen) == 1, trouble.seen
                assert trouble.seen[0].startswith("plimsoll: ") and "TLS" not in trouble.seen[0], trouble.seen
                before = rows.count(word)
            until("more rows", lambda r=rows, x=word, n=before: r.count(x) > n)
            p.send_signal(signal.SIGINT)
            assert p.wait(timeout=PATIENCE) == -signal.SIGINT
        finally:
            p.kill()
            p.wait()
            p.stdout.close()
            p.stderr.close()


def forgetful_server(path, asked):
    """Its first stream of decisions ends behind d-1. The second is of one who tells what was decided since then."""
    status, scaling = (importlib.import_module(f"plimsoll.v1.{name}_pb2") for name in ("status", "scaling"))

    def watch(request, context):
        asked.append(request.since_unix_ns)
        for n in range(1, len(asked) + 1):
            yield scaling.Decision(id=f"d-{n}", workload="shop", to=n, wall_unix_ns=n, outcome="applied").SerializeToString()
        if len(asked) == 1:
            context.abort(grpc.StatusCode.UNAVAILABLE, "away for a moment")
        while context.is_active():
            time.sleep(0.05)
    get = grpc.unary_unary_rpc_method_handler(
        lambda *_: status.StatusResponse(program="plimsoll-aggregator").SerializeToString())
    return cli.serve(path, {"Status": {"Get": get}, "Scaling": {"WatchDecisions": grpc.unary_stream_rpc_method_handler(
        watch, request_deserializer=scaling.ListDecisionsRequest.FromString)}})


def what_was_decided_meanwhile_is_told(w):
    path, asked = os.path.join(w.path, "forgetful.sock"), []
    server, began = forgetful_server(path, asked), time.time_ns()
    try:
        out = run("decisions", "--watch", "--seconds", "4", "-o", "json", "--server", "unix:" + path)
    finally:
        server.stop(None).wait()
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["d-1", "d-2"], out
    assert len(asked) == 2 and asked[0] == asked[1] and asked[0] >= began, asked


def decisions_follow(w):
    def cpu():
        return w.aggregator.json("get", "workloads", "shop")["items"][0]["cpu_cores"] or 0
    with open(w.calm, "w", encoding="utf-8"):
        until("a calm load", lambda: cpu() < 0.1)
    p = subprocess.Popen([PLIMSOLL, "decisions", "--watch", "-o", "json", "--server", w.aggregator.address],
                         stdout=subprocess.PIPE, text=True, env=environment())
    killer = threading.Timer(PATIENCE, p.kill)
    killer.start()
    try:
        os.unlink(w.calm)
        for line in p.stdout:
            d = json.loads(line)
            if d["to"] > 1:
                break
        assert d["kind"] == "Decision" and d["workload"] == "shop" and d["to"] > 1, d
    finally:
        killer.cancel()
        p.send_signal(signal.SIGINT)
        assert p.wait(timeout=PATIENCE) == -signal.SIGINT
        p.stdout.close()


def daemons_describe_themselves(w):
    for server, program in ((w.agent, "plimsoll-agent"), (w.aggregator, "plimsoll-aggregator")):
        s = server.json("status")
        assert s["program"] == program and s["counters"] and s["uptime_seconds"] > 0, s
        assert server("status").startswith(program) and server("status", "-o", "name") == program + "\n"
        assert "VALUE" in server("status", "-o", "wide")
        v = server.json("version")
        assert v["client"] == v["server"]["version"] and v["server"]["program"] == program, v
        assert program in server("version")
    assert run("--version").startswith("plimsoll ")


def the_doctor_looks(w):
    items = w.aggregator.json("doctor")["items"]
    assert {"kernel", "btf", "capabilities", "cgroups", "memory", "pressure", "server"} <= {i["id"] for i in items}
    assert all(i["level"] in ("ok", "warn") and (i["fix"] is None) == (i["level"] == "ok") for i in items), items
    assert re.search(r"^ok    kernel +Linux", w.agent("doctor"), re.M)
    out = run("doctor", "--server", w.path + "/nobody.sock", code=1)
    assert re.search(r"^fail  server .*\n +fix: ", out, re.M), out
    bare = os.path.join(w.path, "bare")
    os.makedirs(bare + "/proc")
    out = run("doctor", "--root", bare, code=1)
    assert re.search(r"^fail  btf ", out, re.M) and re.search(r"^fail  kernel ", out, re.M), out
    out = run("doctor", "--tls-dir", w.daemon.tls, "-s", w.agent.address)
    assert len(re.findall(r"^ok    certificate .* days", out, re.M)) >= 3, out
    os.chmod(w.path, 0o711)  # for somebody without any rights, and a binary that they may run
    mine = shutil.copy(PLIMSOLL, os.path.join(w.path, "plimsoll"))
    p = subprocess.run(["setpriv", "--reuid", "65533", "--regid", "65533", "--clear-groups", "--bounding-set", "-all",
                        mine, "doctor", "-s", w.agent.address], capture_output=True, text=True, check=False, cwd="/",
                       env=environment())
    assert p.returncode == 1 and "missing: CAP_BPF and CAP_PERFMON" in p.stdout, p
    assert re.search(r"^fail  server .*may not use", p.stdout, re.M), p


def help_and_completion(_w):
    commands = re.findall(r"^  ([a-z]+) {2,}", run("help").split("Options:")[0], re.M)
    assert {"top", "get", "watch", "describe", "decisions", "explain", "record", "replay", "simulate", "pause",
            "resume", "status", "doctor", "version", "completion", "help"} == set(commands), commands
    assert run() == run("--help") == run("help")
    for c in commands:
        assert run("help", c).startswith(f"Usage: plimsoll {c}") and run("help", c) == run(c, "--help")
    assert "--for" in run("help", "pause") and "--for" not in run("help", "get")
    subprocess.run(["bash", "-n"], input=run("completion", "bash"), text=True, check=True)
    assert "complete -c plimsoll" in run("completion", "fish")
    assert run("completion", "zsh").startswith("#compdef plimsoll")


def errors_say_what_why_and_what_to_do(w):
    agent, aggregator = w.agent.address, w.aggregator.address
    with open(w.path + "/bad.yaml", "w", encoding="utf-8") as f:
        f.write("output: json\nservr: x\n")
    for words, code, says in (
            (["tpo"], 2, 'did you mean "plimsoll top"'), (["xyzzy"], 2, "the commands are top"),
            (["get", "nodse"], 2, 'did you mean "plimsoll get nodes"'), (["get", "--wach"], 2, "--watch"),
            (["get", "--why", "x"], 2, "not an option of"), (["explain"], 2, "WORKLOAD is missing"),
            (["explain", "a", "b"], 2, '"b" is too much'), (["get", "-o", "xml"], 2, "table.wide.json"),
            (["pause", "x", "--for", "soon"], 2, "--for"), (["decisions", "--limit", "0"], 2, "1 to 10000"),
            (["completion", "csh"], 2, "bash, zsh and fish"), (["help", "tpo"], 2, 'did you mean "plimsoll help top"'),
            (["help", "column"], 2, 'did you mean "plimsoll help columns"'), (["help", "xyzzy"], 2, "help columns explains"),
            (["help", "OF", "Period"], 2, 'did you mean "plimsoll help of periods"'),
            (["get", "--server", "host:port"], 2, "1 to 65535"), (["get", "--server", "http://x"], 2, "URL"),
            (["get", "--config", w.path + "/bad.yaml"], 2, r"bad.yaml:2"),
            (["get", "--config", w.path + "/none.yaml"], 2, "none.yaml"),
            (["get", "--server", w.path + "/none.sock"], 3, "not running"),
            (["get", "--server", "127.0.0.1:1", "--insecure"], 3, "nobody listens"),
            (["get", "--server", "127.0.0.1:1", "--tls-dir", w.path + "/none"], 2, "ctl.crt"),
            (["get", "--server", "127.0.0.1:1", "--tls-cert", "x", "--tls-key", "x", "--tls-ca", "x"], 2, "x: "),
            (["get", "--server", "127.0.0.1:1", "--tls-cert", "x"], 2, "belong together"),
            (["get", "--server", agent], 1, "ask an aggregator"), (["explain", "d-1", "--server", agent], 1, "an agent"),
            (["pause", "shop", "--server", agent], 1, "an agent"), (["watch", "--server", agent], 1, "an agent"),
            (["get", "workloads", "nobody", "--server", aggregator], 1, "nobody"),
            (["watch", "workloads", "nobody", "--server", aggregator], 1, "nobody"),
            (["get", "nodes", "nobody", "--server", aggregator], 1, "no node fits"),
            (["get", "nodes", "nobody", "--server", agent], 1, "node e2e only"),
            (["get", "cgroups", "/nobody", "--server", agent], 1, "no cgroup fits"),
            (["describe", "nobody", "--server", agent], 1, "no cgroup fits"),
            (["describe", "/", "--server", agent], 1, "only holds others"),
            (["describe", "/**", "--server", agent], 2, "describe is about one"),
            (["explain", "d-999999", "--server", aggregator], 1, "d-999999"),
            (["explain", "nobody", "--server", aggregator], 1, "neither an id"),
            (["pause", "nobody", "--server", aggregator], 1, "nobody"),
            (["resume", "nobody", "--server", aggregator], 1, "nobody")):
        out = run(*words, code=code)
        assert re.search(says, out), (words, out)
        assert re.search(r"^plimsoll: .*\n  cause: .+\n  fix:   .+", out, re.M), (words, out)


def the_network_is_tls(w):
    address, tls = f"127.0.0.1:{w.daemon.port}", w.daemon.tls
    answer = json.loads(run("get", "-o", "json", "-s", address, "--tls-dir", tls))
    assert "shop" in [i["name"] for i in answer["items"]], answer  # beside what else this machine runs
    run("get", "-s", address, "--tls-cert", tls + "/ctl.crt", "--tls-key", tls + "/ctl.key",
        "--tls-ca", tls + "/ca.crt")
    out = run("get", "-s", address, "--insecure", "--timeout", "3s", code=3)
    assert "without --insecure" in out, out
    out = run("get", "-s", address, "--tls-dir", tls, "--server-name", "other", code=3)
    assert "another name" in out, out


def options_come_from_everywhere(w):
    assert run("nodes", env=environment(PLIMSOLL_SERVER=w.agent.address, PLIMSOLL_OUTPUT="name")) == "node/e2e\n"
    with open(w.path + "/cli.yaml", "w", encoding="utf-8") as f:
        f.write(f"server: {w.agent.address}\noutput: name\n")
    assert run("nodes", "-c", w.path + "/cli.yaml") == "node/e2e\n"
    assert json.loads(run("nodes", "-c", w.path + "/cli.yaml", "-o", "json"))["kind"] == "NodeList"


# --- what stands in front of a daemon -------------------------------------------------------------

def a_proxy_that_knows_nothing(listener):
    """Answers each stream with 404, as a proxy does that has no such route."""
    def frame(kind, flags, stream, payload=b""):
        return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload

    def answer(connection):
        with connection, connection.makefile("rb") as said:
            connection.sendall(frame(4, 0, 0) + frame(4, 1, 0))
            said.read(24)  # the preface
            while len(head := said.read(9)) == 9:
                said.read(int.from_bytes(head[:3], "big"))
                if head[3] == 1:  # HEADERS of a stream: END_HEADERS and END_STREAM, :status 404
                    connection.sendall(frame(1, 5, int.from_bytes(head[5:], "big"), b"\x8d"))

    while True:
        try:
            threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()
        except OSError:
            return


def a_proxy_is_no_daemon(w):
    path = os.path.join(w.path, "proxy.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        threading.Thread(target=a_proxy_that_knows_nothing, args=(listener,), daemon=True).start()
        for words in (["get"], ["nodes"], ["status"], ["watch"]):
            out = run(*words, "--server", path, "--timeout", "5s", code=1)
            assert re.search(r"404.*\n  cause: .*proxy\.sock answered .+\n  fix:   check that .* proxy", out), (words, out)


# --- a daemon that means harm ---------------------------------------------------------------------

def hostile_server(path):
    scaling = importlib.import_module("plimsoll.v1.scaling_pb2")
    status = importlib.import_module("plimsoll.v1.status_pb2")
    decision = scaling.Decision(id=EVIL, workload=EVIL, reason=EVIL, trigger=EVIL, outcome=EVIL, load_age_ns=NEVER)
    workload = scaling.Workload(name=EVIL, policy=EVIL, by_what=EVIL, last_decision=EVIL, last_reason=EVIL)

    def refuse(_request, context):
        context.abort(grpc.StatusCode.NOT_FOUND, EVIL)

    answers = {
        "Status/Get": status.StatusResponse(program=EVIL, version=EVIL, node=EVIL, notice=[
            status.Notice(id=EVIL, level="warn", text=EVIL, fix=EVIL)], counter=[status.Counter(name=EVIL)]),
        "Scaling/ListWorkloads": scaling.ListWorkloadsResponse(workload=[workload]),
        "Scaling/ListDecisions": scaling.ListDecisionsResponse(decision=[decision]),
        "Scaling/Explain": scaling.ExplainResponse(decision=decision, text=EVIL, record_json=EVIL)}
    services = {}
    for name, answer in answers.items():
        service, method = name.split("/")
        services.setdefault(service, {})[method] = grpc.unary_unary_rpc_method_handler(
            lambda _request, _context, a=answer: a.SerializeToString())
    services["Scaling"]["Pause"] = grpc.unary_unary_rpc_method_handler(refuse)
    return cli.serve(path, services)


def peers_cannot_write_to_the_terminal(w):
    path = os.path.join(w.path, "hostile.sock")
    server, evil = hostile_server(path), Server(path)
    try:
        for form in FORMS:
            for words in (["get"], ["decisions"], ["explain", "d-1"], ["status"], ["version"]):
                out = evil(*words, "-o", form)
                assert "\u202e" not in out and "\r" not in out, (words, form, out)
        assert evil.json("get")["items"][0]["name"] == EVIL  # escaped, not lost
        assert evil.json("get")["items"][0]["cpu_cores"] is None
        assert "–" in evil("get")
        assert evil.json("decisions")["items"][0]["load_age_seconds"] is None  # never measured, not 584 years ago
        assert "5849" not in evil("decisions", "-o", "wide")
        assert "evil" in evil("pause", "x", code=1)
        assert "evil" in evil("doctor")
    finally:
        server.stop(None).wait()


sys.exit(cli.main((every_form_of_every_list, the_figures_are_the_loads, everything_about_one, connects_have_quantiles,
                   the_last_victim_is_named, a_decision_is_explained, a_decision_is_made_again,
                   a_load_is_recorded_and_simulated, a_recording_that_is_ended_has_its_last_line,
                   the_brake_holds, streams_flow, daemons_describe_themselves,
                    the_doctor_looks, help_and_completion,
                   errors_say_what_why_and_what_to_do, the_network_is_tls, options_come_from_everywhere,
                   a_proxy_is_no_daemon, peers_cannot_write_to_the_terminal, decisions_follow,
                   what_was_decided_meanwhile_is_told, a_stream_outlives_its_daemon)))
