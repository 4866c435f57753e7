# SPDX-License-Identifier: Apache-2.0
"""edges.py BIN: three processes in cgroups of their own, of which one calls the second and that calls the third. Who
calls whom, how often, with how many errors is what they count themselves, to the request, in what the agent tells;
`plimsoll get edges` shows it of the agent and, by workloads, of an aggregator. Who ended is gone from it. A call of a
Service's address is one of the pod behind it."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))
import cli  # noqa: E402
import heard  # noqa: E402
from loads import Load, until  # noqa: E402

CALLS, EACH = 40, 3  # of the first one, and of the second for each of them
FAILS = 5  # every so many of the last one's answers

# Answers at 127.0.0.1, or at ::1, and asks the port that it is given for each that it is asked.
SERVER = """
import http.client, http.server, socket
one, two, fails = (int(a) for a in sys.argv[1:4])
n = 0
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1 # an answer is one segment, and waits for no acknowledgement
    def log_message(self, *a): pass
    def do_GET(self):
        global n
        n += 1
        for _ in range(two if one else 0):
            onward.request("GET", "/")
            onward.getresponse().read()
        self.send_response(500 if fails and n % fails == 0 else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
        self.wfile.flush()
class S(http.server.HTTPServer):
    address_family = socket.AF_INET6 if not one else socket.AF_INET
onward = http.client.HTTPConnection("::1", one) if one else None
s = S(("::1" if not one else "127.0.0.1", 0), H)
print(s.server_address[1], flush=True)
s.serve_forever()
"""

CLIENT = """
import http.client
c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
left = int(sys.argv[2])
while left:
    left -= 1
    c.request("GET", "/")
    c.getresponse().read()
    if left < 0: time.sleep(0.01)
print("done", flush=True)
time.sleep(1000)
"""


# A pod calls a Service: its node, another network namespace, translates the address (kube-proxy).
OWN_NET = "import ctypes\nassert ctypes.CDLL(None).unshare(0x40000000) == 0\nprint('in', flush=True)\n"
NODE = OWN_NET + "time.sleep(1000)"
BACKEND = OWN_NET + """
import http.server
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *a): pass
    def do_GET(self):
        self.send_response(204)
        self.end_headers()
http.server.HTTPServer(("0.0.0.0", 8080), H).serve_forever()
"""
POD = OWN_NET + """
import http.client
c = http.client.HTTPConnection("10.96.0.10", 80, timeout=1)
while True:
    try:
        c.request("GET", "/")
        c.getresponse().read()
    except OSError: c.close()
    time.sleep(0.05)
"""


class World(heard.World):
    def __init__(self):
        super().__init__("edges")
        self.last, self.last_port = self.server_of("last", 0, 0, FAILS)
        self.middle, self.middle_port = self.server_of("middle", self.last_port, EACH, 0)

    def server_of(self, name, *argv):
        load = Load(f"{self.top}/{name}", SERVER, *map(str, argv))
        return load, int(load.process.stdout.readline())

    def first(self, calls):
        return self.client(CLIENT, str(self.middle_port), str(calls))

    def end(self):
        self.last.end()
        self.middle.end(self.top)
        super().end()


def told(w):
    """What the agent tells of us: (cgroup, serves, address, port) → calls, errors."""
    batch = w.agent.snapshot(w.top + "/*")
    names = {d.row: d.cgroup.removeprefix(w.top + "/") for d in batch.dictionary}
    counts = {p: (batch.calls.calls[i], batch.calls.errors[i]) for i, p in enumerate(batch.calls.peer)}
    return {(names[p.row], p.serves, p.address, p.port): counts[p.peer] for p in batch.peers}


def each_call_counts_at_both_ends(w):
    one, six = bytes((127, 0, 0, 1)), bytes(15) + b"\x01"
    client = w.first(CALLS)
    try:
        client.process.stdout.readline()
        errors = CALLS * EACH // FAILS
        wanted = {("client1", False, one, w.middle_port): (CALLS, 0), ("middle", True, one, w.middle_port): (CALLS, 0),
                  ("middle", False, six, w.last_port): (CALLS * EACH, errors),
                  ("last", True, six, w.last_port): (CALLS * EACH, errors)}
        until(f"these: {wanted}", lambda: told(w) == wanted)
        assert w.agent.counters()["agent_edges_unplaced_total"] == 0
    finally:
        client.end()
    until("the end of who ended", lambda: not any(name == "client1" for name, *_ in told(w)))


def between(items, start, end):
    found = [i for i in items if i["from"] == start and i["to"] == end]
    assert len(found) <= 1, items
    return found[0] if found and found[0]["calls_per_second"] else None


def both_are_shown(w, server, first, middle, last):
    def shown():
        items = server.json("get", "edges")["items"]
        return (a := between(items, first, middle)) and (b := between(items, middle, last)) and (a, b)
    a, b = until("both edges", shown)
    assert a["address"] == f"127.0.0.1:{w.middle_port}" and b["address"] == f"[::1]:{w.last_port}", (a, b)
    for e in (a, b):
        assert 0 < e["mean_seconds"] and 0 < e["p50_seconds"] <= e["p95_seconds"] <= e["p99_seconds"], e
        assert e["addresses"] == 1 and e["coverage"] == 1 and e["age_seconds"] < 30, e
    assert a["error_share"] == 0, a
    return a, b


def an_agent_shows_its_cgroups(w):
    client = w.first(-1)
    try:
        agent = cli.Server("unix:" + w.agent.path)
        names = (client.cgroup, w.middle.cgroup, w.last.cgroup)
        a, _ = both_are_shown(w, agent, *names)
        assert a["saturation"] is None and a["by_what"] is None, a
        table = agent("get", "edges", client.cgroup)
        assert client.cgroup in table and w.middle.cgroup in table and w.last.cgroup not in table, table
        assert agent.warning("get", "edges") == "", agent.warning("get", "edges")
    finally:
        client.end()


def an_aggregator_shows_workloads(w):
    client = w.first(-1)
    policy = "---\n".join(cli.POLICY.replace(cli.TOP + "/*", cgroup).replace("shop", name) for name, cgroup in
                          (("web", client.cgroup), ("app", w.middle.cgroup), ("db", w.last.cgroup)))
    try:
        with heard.aggregator(w, policy) as server:
            a, b = both_are_shown(w, server, "web", "app", "db")
            assert a["mean_seconds"] > b["mean_seconds"], (a, b)  # it waits for three of them
            until("a fifth that fails", lambda: (e := between(server.json("get", "edges")["items"], "app", "db")) and
                  abs(e["error_share"] - 1 / FAILS) < 0.05)
            head, *lines = server("get", "edges", "app").splitlines()
            assert head.split()[:3] == ["CALLER", "CALLED", "CALLS/S"] and len(lines) == 2, (head, lines)
            assert json.loads(server("get", "edges", "db", "-o", "json"))["items"][0]["to"] == "db"
            client.process.kill()
            until("a caller that is idle", lambda: [
                e for e in server.json("get", "edges", "web")["items"]
                if e["calls_per_second"] == 0 and e["mean_seconds"] is None and e["error_share"] is None])
    finally:
        client.end()


def inside(load, *commands):
    """In the network namespace of a load."""
    for command in commands:
        subprocess.run(["nsenter", "-t", str(load.process.pid), "-n", "sh", "-c", command], check=True)


def cable(node, there, network):
    """Between the node, which is .1 of it, and there, .2."""
    name = f"to{network}"
    subprocess.run(["ip", "link", "add", name, "netns", str(node.process.pid), "type", "veth", "peer", "name", "eth0",
                    "netns", str(there.process.pid)], check=True)
    inside(node, f"ip addr add 10.98.{network}.1/24 dev {name}", f"ip link set {name} up")
    inside(there, f"ip addr add 10.98.{network}.2/24 dev eth0", "ip link set eth0 up",
           f"ip route add default via 10.98.{network}.1")


def a_service_is_followed_to_its_pod(w):
    loads = [Load(f"{w.top}/{name}", code) for name, code in (("node", NODE), ("backend", BACKEND), ("pod", POD))]
    node, backend, pod = loads
    try:
        for load in loads:
            assert load.process.stdout.readline() == b"in\n"
        cable(node, backend, 1)
        cable(node, pod, 2)
        inside(node, "echo 1 > /proc/sys/net/ipv4/ip_forward", "nft add table ip n",
               "nft add chain ip n c '{ type nat hook prerouting priority -100; }'",
               "nft add rule ip n c ip daddr 10.96.0.10 tcp dport 80 dnat to 10.98.1.2:8080")
        agent = cli.Server("unix:" + w.agent.path)
        edge = until("the Service's pod", lambda: between(agent.json("get", "edges", pod.cgroup)["items"], pod.cgroup,
                                                          backend.cgroup))
        assert edge["address"] == "10.96.0.10:80", edge  # as the caller has it
        assert {(name, address, port) for name, _, address, port in told(w)} >= {
            ("pod", bytes((10, 96, 0, 10)), 80), ("backend", bytes((10, 98, 1, 2)), 8080)}, told(w)
    finally:
        for load in reversed(loads):
            load.end()


if __name__ == "__main__":
    sys.exit(heard.run(World, (each_call_counts_at_both_ends, a_service_is_followed_to_its_pod,
                               an_agent_shows_its_cgroups, an_aggregator_shows_workloads)))
