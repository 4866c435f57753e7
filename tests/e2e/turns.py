# SPDX-License-Identifier: Apache-2.0
"""turns.py BIN: TLS 1.2 and 1.3, by OpenSSL's own tools and by Python's, and a protocol that nobody knows, each end in a
cgroup of its own: turns are as many as the client had answers, on both sides; their time is no less than what the server
thought, and no more than what the client waited; neither handshakes nor goodbyes are among them."""
import json
import os
import shutil
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "wire"))
import heard  # noqa: E402
from loads import Load, until  # noqa: E402

CONNECTIONS, TURNS = 5, 20
DELAY = 0.02  # seconds that the server thinks

# Answers each line after a while, as many connections as come: over TLS where it has a certificate.
SERVER = """
import socketserver, ssl
class H(socketserver.StreamRequestHandler):
    def setup(self):
        if context: self.request = context.wrap_socket(self.request, server_side=True)
        super().setup()
    def handle(self):
        for line in self.rfile:
            time.sleep(float(sys.argv[2]))
            self.wfile.write(line * int(sys.argv[3]))
class S(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True
context = None
if len(sys.argv) > 4:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[4])
s = S(("127.0.0.1", int(sys.argv[1])), H)
s.serve_forever()
"""
REV = """
os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
os.execvp("openssl", ["openssl", "s_server", "-accept", "127.0.0.1:" + sys.argv[1], "-cert", sys.argv[2], "-rev", "-quiet"])
"""
CLIENT = """
import json, socket, ssl
port, version, conns, turns = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
times = []
for c in range(conns):
    s = socket.create_connection(("127.0.0.1", port))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if version:
        x = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        x.check_hostname, x.verify_mode = False, ssl.CERT_NONE
        x.minimum_version = x.maximum_version = getattr(ssl.TLSVersion, version)
        s = x.wrap_socket(s)
    r = s.makefile("rb")
    for i in range(turns):
        line = b"!" * (i * 100 + 10) + b"\\n"
        t = time.monotonic()
        s.sendall(line)
        assert r.readline()
        times.append(time.monotonic() - t)
        for more in range(int(sys.argv[5]) - 1): r.readline()
    r.close()
    if version: s.unwrap().close()
    else: s.close()
print(json.dumps(times), flush=True)
time.sleep(1000)
"""
# s_client: a line at a time, each after the answer to the one before.
OPENSSL = """
import json, subprocess
port, version, conns, turns = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
for c in range(conns):
    p = subprocess.Popen(["openssl", "s_client", "-connect", "127.0.0.1:" + port, "-quiet", version], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    for i in range(turns):
        p.stdin.write(b"hello %d\\n" % i)
        p.stdin.flush()
        assert p.stdout.readline() == (b"hello %d" % i)[::-1] + b"\\n"
    p.stdin.close()
    p.terminate()
    p.wait()
print(json.dumps([]), flush=True)
time.sleep(1000)
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


class World(heard.World):
    def __init__(self):
        super().__init__("turns")
        self.servers = 0
        self.pem = os.path.join(self.dir, "pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2",
                        "-keyout", self.pem, "-out", self.pem + ".crt"], check=True, capture_output=True)
        with open(self.pem, "a", encoding="ascii") as to, open(self.pem + ".crt", encoding="ascii") as crt:
            to.write(crt.read())
        self.serve("time.sleep(1e6)")  # holds the cgroup that the others are in

    def taken(self, code, argv, client, *client_argv):
        """What server and client count of one client, whose words are its arguments; the client's own times."""
        port = free_port()
        self.servers += 1
        server = Load(f"{self.top}/server{self.servers}", code, str(port), *argv)
        try:
            until("the server listens", lambda: listens(port))
            before = heard.counted(self, server.cgroup, heard.TURNS)
            c = self.client(client, str(port), *client_argv)
            try:
                times = json.loads(c.process.stdout.readline())
                n = CONNECTIONS * TURNS
                until("all of them", lambda: heard.counted(self, c.cgroup, heard.TURNS)["call_turns"] >= n
                      and heard.counted(self, server.cgroup, heard.TURNS)["turns"] >= n)
                served, called = (heard.counted(self, of.cgroup, heard.TURNS) for of in (server, c))
            finally:
                c.end()
        finally:
            server.end()
        return {k: served[k] - before[k] for k in served}, called, times


def listens(port):
    """Asked of the kernel: a connection would be counted."""
    return subprocess.run(["ss", "-Hltn", f"sport = :{port}"], check=True, capture_output=True, text=True).stdout


def assert_all(served, called, untimed):
    n = CONNECTIONS * TURNS
    assert served["turns"] == called["call_turns"] == n, (served, called)
    assert served["turns_untimed"] == called["call_turns_untimed"] == untimed, (served, called)
    assert served["call_turns"] == called["turns"] == 0, (served, called)
    for k in ("requests", "calls", "connections_older", "connections_left", "hearing_losses"):
        assert served[k] == called[k] == 0, (k, served, called)


def by_python(w, version, untimed, repeated=1):
    tls = [w.pem] if version else []
    served, called, times = w.taken(SERVER, [str(DELAY), str(repeated), *tls], CLIENT, version, str(CONNECTIONS), str(TURNS),
                                    str(repeated))
    assert_all(served, called, untimed)
    timed = len(times) - untimed
    client = sum(times) / len(times)
    mean = {"server": served["turn_ns"] / timed / 1e9, "client": called["call_turn_ns"] / timed / 1e9}
    print(f"  {version or 'a protocol that nobody knows'}: {len(times)} turns of {DELAY * 1e3:.0f} ms; the server's "
          f"{mean['server'] * 1e3:.2f} ms, the client's {mean['client'] * 1e3:.2f} ms, it says {client * 1e3:.2f} ms")
    assert DELAY <= mean["server"] <= mean["client"], (mean, client)
    assert called["call_turn_ns"] <= sum(times) * 1e9, (called, sum(times))


def turns_of_an_unknown_protocol(w):
    by_python(w, "", 0)
    by_python(w, "", 0, 40)  # answers in many segments


def turns_in_tls_1_2(w):
    by_python(w, "TLSv1_2", 0)
    by_python(w, "TLSv1_2", 0, 40)


def turns_in_tls_1_3(w):
    """Of each connection the first has no time."""
    by_python(w, "TLSv1_3", CONNECTIONS)
    by_python(w, "TLSv1_3", CONNECTIONS, 40)


def turns_of_openssl(w):
    for version, untimed in (("-tls1_2", 0), ("-tls1_3", CONNECTIONS)):
        served, called, _ = w.taken(REV, [w.pem], OPENSSL, version, str(CONNECTIONS), str(TURNS))
        assert_all(served, called, untimed)
        assert served["turn_ns"] > 0 and called["call_turn_ns"] > 0, (served, called)


if __name__ == "__main__":
    if not shutil.which("openssl"):
        print("SKIP: there is no openssl")
        sys.exit(77)
    sys.exit(heard.run(World, (turns_of_an_unknown_protocol, turns_in_tls_1_2, turns_in_tls_1_3, turns_of_openssl)))
