# SPDX-License-Identifier: Apache-2.0
"""pgsql.py BIN: a real PostgreSQL, pgbench and psql, each in a cgroup of its own: what plimsoll-agent counts of both is what
pgbench and the server counted, to the query, in each of their protocols; errors by whose fault they are; a copy untimed."""
import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))
import heard  # noqa: E402
from loads import PATIENCE, until  # noqa: E402
from own_agent import ambient  # noqa: E402

NOBODY = 65534  # the server refuses root, and asks for a user that has a name
PASSWORD = "secret"
HBA = """
host all truth 127.0.0.1/32 scram-sha-256
host all free,full_up 127.0.0.1/32 trust
host replication free 127.0.0.1/32 trust
"""
ROLES = """
CREATE EXTENSION pg_stat_statements;
CREATE ROLE free LOGIN REPLICATION;
CREATE ROLE full_up LOGIN CONNECTION LIMIT 0;
GRANT ALL ON SCHEMA public TO free;
"""

SERVER = heard.PIN + "os.execvp(sys.argv[1], sys.argv[1:])"

# Says what no client at hand does: Syncs in a pipeline, a COPY in parts, whose Sync the server takes for data.
PARTS = """
import socket, struct, sys
def message(tag, body=b""): return tag + struct.pack("!i", 4 + len(body)) + body
def parts(sql): return message(b"P", b"\\0" + sql + b"\\0\\0\\0") + message(b"B", bytes(8)) + message(b"E", bytes(5))
def wait(n):
    while n:
        tag, size = struct.unpack("!ci", f.read(5))
        f.read(size - 4)
        n -= tag == sys.argv[2].encode() or tag == b"Z"
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
f = s.makefile("rb")
s.sendall(message(b"", struct.pack("!i", 196608) + b"user\\0free\\0database\\0postgres\\0\\0"))
wait(1)
sync = message(b"S")
s.sendall((parts(b"SELECT 1") + sync) * 5 + parts(b"SELECT 1/0") + sync + sync)
wait(7)
s.sendall(parts(b"COPY copied FROM STDIN") + sync)
wait(1)
s.sendall(message(b"d", b"1\\n") * 1000 + message(b"c") + sync)
wait(1)
s.sendall(message(b"Q", b"SELECT 1\\0"))
wait(1)
"""


def settings(**values):
    return [word for name, value in values.items() for word in ("-c", f"{name}={value}")]


class World(heard.World):
    def __init__(self, programs):
        super().__init__("pgsql")
        self.programs, self.port = programs, heard.free_port()
        self.data = os.path.join(self.dir, "data")
        os.mkdir(self.data, 0o700)
        os.chown(self.data, NOBODY, NOBODY)
        self.make()
        self.serve(SERVER, *ambient("dac_read_search", user=NOBODY), programs["postgres"], "-D", self.data,
                   *settings(port=self.port, listen_addresses="127.0.0.1", unix_socket_directories="", fsync="off",
                             log_min_messages="panic", dynamic_shared_memory_type="mmap",
                             shared_preload_libraries="pg_stat_statements"))
        until("the server is ready", self.is_ready)
        self.prepare(ROLES)

    def make(self):
        password = os.path.join(self.dir, "password")
        with open(password, "w", encoding="ascii") as f:
            f.write(PASSWORD)
        subprocess.run([*ambient("dac_read_search", user=NOBODY), self.programs["initdb"], "-D", self.data, "-U", "truth",
                        "-A", "scram-sha-256", "--pwfile", password, "--no-sync", "--locale", "C"],
                       stdout=subprocess.DEVNULL, check=True)
        with open(os.path.join(self.data, "pg_hba.conf"), "w", encoding="ascii") as f:
            f.write(HBA)

    def is_ready(self):
        """Who asks it before is refused, and that would count."""
        try:
            with open(os.path.join(self.data, "postmaster.pid"), encoding="ascii") as f:
                return "ready" in f.read()
        except OSError:
            return False

    def psql(self, user="truth"):
        return [self.programs["psql"], "-XqAt", "-h", "127.0.0.1", "-p", str(self.port), "-U", user, "-f", "-", "postgres"]

    def ask(self, sql):
        """From outside of what is measured but for the server's side of it."""
        return subprocess.run(self.psql(), input=sql, capture_output=True, text=True, check=True).stdout.strip()

    def prepare(self, sql):
        """Of one statement a line, which are counted when it returns."""
        before = self.now(self.server.cgroup)["requests"]
        said = self.ask(sql)
        until("what was prepared is counted", lambda: self.now(self.server.cgroup)["requests"] - before >= sql.count(";"))
        return said

    def statements(self):
        """What the server counted, without those that failed; of this question itself nothing yet."""
        return int(self.ask("SELECT sum(calls) FROM pg_stat_statements"))

    def asked(self, n, lines, *command, status=0):
        """What the server and this client count of a command that makes n requests, and what it and the server say."""
        before, statements = self.now(self.server.cgroup), self.statements()
        client, ended, said = self.runs(lines, *command)
        try:
            assert ended == status, (command, ended, said)
            statements = self.statements() - statements - 1
            served, called = self.since(client, before, n + 2, n)
        finally:
            client.end()
        assert (served["requests"], called["calls"]) == (n + 2, n), (command, served, called, said[-500:])
        assert called["requests"] == served["calls"] == 0, (command, served, called)
        assert served["request_errors"] == called["call_errors"], (command, served, called)
        assert served["requests_untimed"] == called["calls_untimed"], (command, served, called)
        return served, called, statements, said

    def pgbench(self, script, n, clients, mode, times, status=0):
        """Each of `clients` does the script so many times, which makes n requests in all."""
        path = os.path.join(self.dir, "script")
        with open(path, "w", encoding="ascii") as f:
            f.write(script)
        served, called, statements, said = self.asked(
            n, "", self.programs["pgbench"], "-h", "127.0.0.1", "-p", str(self.port), "-U", "truth", "-n", "-r", "-f", path,
            "-M", mode, "-c", str(clients), "-t", str(times), "postgres", status=status)
        done = re.search(r"actually processed: (\d+)/", said)
        assert status or int(done[1]) == clients * times, said
        return served, called, statements, said

    def end(self):
        if self.server:
            self.server.process.send_signal(signal.SIGINT)  # else it leaves shared memory behind
            self.server.process.wait(PATIENCE)
        super().end()


def each_protocol_is_counted_to_the_query(w):
    script = "SELECT 1;\nSELECT generate_series(1, 100);\n"
    for mode in "simple", "extended", "prepared":
        for clients, times in (1, 1000), (20, 100):
            asked = 2 * clients * times
            prepared = 2 * clients if mode == "prepared" else 0  # each client asks for that once
            served, called, statements, said = w.pgbench(script, asked + prepared, clients, mode, times)
            assert statements == asked, (mode, clients, statements)
            assert served["request_errors"] + served["request_client_errors"] + served["requests_untimed"] == 0, served
            taken = sum(map(float, re.findall(r"^ +([0-9.]+) +0  SELECT", said, re.M))) * clients * times
            assert called["call_ns"] / 1e6 <= taken + 0.001 * asked, (mode, clients, called, said)  # it rounds
            print(f"  {mode}, {clients} at once: {served['request_ns'] / served['requests'] / 1e6:.3f} ms a request, "
                  f"{called['call_ns'] / called['calls'] / 1e6:.3f} ms a call, {taken / asked:.3f} ms says pgbench")


def what_it_takes_is_what_pgbench_sees(w):
    served, called, _, said = w.pgbench("SELECT pg_sleep(0.02);\n", 200, 20, "extended", 10)
    taken = float(re.search(r"^ +([0-9.]+) +0  SELECT", said, re.M)[1])
    assert 20 <= called["call_ns"] / 200 / 1e6 <= taken + 0.001, (called, said)
    print(f"  20 ms of sleep: {served['request_ns'] / 200 / 1e6:.3f} ms a request, {called['call_ns'] / 200 / 1e6:.3f} ms "
          f"a call, {taken:.3f} ms says pgbench")


def a_pipeline_up_to_a_sync_is_one_request(w):
    _, _, statements, _ = w.pgbench("\\startpipeline\n" + "SELECT 1;\n" * 10 + "\\endpipeline\n", 400, 4, "extended", 100)
    assert statements == 4000, statements


def who_asks_for_encryption_in_vain_goes_on(w):
    w.asked(2, "SELECT 1;\nSELECT 2;\n", "env", "PGSSLMODE=prefer", *w.psql())


def errors_are_told_by_whose_fault_they_are(w):
    lines = ("SELECT 1/0;\n" * 7 + "SELECT * FROM nothing;\n" * 3 + "SELECT 1;\n" +
             "DO $$BEGIN RAISE SQLSTATE '53200'; END$$;\n" * 4 + "SET statement_timeout = 50;\nSELECT pg_sleep(60);\n")
    served, _, statements, said = w.asked(17, lines, *w.psql())
    assert (served["request_errors"], served["request_client_errors"]) == (5, 10), (served, said)
    assert statements == 2, (statements, said)  # SELECT 1, SET
    for mode in "simple", "extended":
        served, _, _, said = w.pgbench("SELECT 1;\nSELECT 1/0;\n", 40, 20, mode, 10, status=2)  # a client ends at its first
        assert (served["request_errors"], served["request_client_errors"]) == (0, 20), (mode, served, said)


def who_is_let_in_by_nobody_is_an_error(w):
    served, _, _, said = w.asked(1, "", *w.psql("full_up"), status=2)
    assert served["request_errors"] == served["requests_untimed"] == 1, (served, said)
    served, _, _, said = w.asked(1, "", "env", "PGPASSWORD=wrong", *w.psql(), status=2)
    assert served["request_client_errors"] == served["requests_untimed"] == 1, (served, said)


def a_copy_has_no_time(w):
    lines = ("CREATE TABLE copied (n int);\nCOPY copied FROM STDIN;\n" + "1\n" * 10000 + "\\.\n"
             "COPY (SELECT generate_series(1, 100000)) TO STDOUT;\nCOPY copied FROM STDIN;\nno number\n\\.\n"
             "GRANT ALL ON copied TO free;\n")
    served, _, _, _ = w.asked(5, lines, *w.psql())
    assert (served["requests_untimed"], served["request_client_errors"]) == (3, 1), served


def syncs_in_a_pipeline_and_a_copy_in_parts_are_counted(w):
    served, _, statements, _ = w.asked(9, "", sys.executable, "-c", PARTS, str(w.port), "G")
    assert (served["requests_untimed"], served["request_client_errors"]) == (1, 1), served
    assert statements == 7, statements


def notifications_are_nobodys(w):
    w.asked(6, "LISTEN a;\nNOTIFY a;\nSELECT 1;\n" * 2, *w.psql())


def large_values_are_read_to_their_end(w):
    w.asked(3, "SELECT repeat('Z', 10000000);\nSELECT repeat('E', 100), repeat('Q', 100000) FROM generate_series(1, 100);\n"
               "SELECT 1;\n", *w.psql())


def who_replicates_leaves(w):
    to = os.path.join(w.dir, "wal")
    os.mkdir(to)
    lsn = w.prepare("SELECT pg_current_wal_lsn();")
    w.prepare("CREATE TABLE more ();")
    served, called, _, said = w.asked(6, "", w.programs["pg_receivewal"], "-h", "127.0.0.1", "-p", str(w.port), "-U", "free",
                                      "-D", to, "-E", lsn, "--no-loop", "--no-sync")
    assert served["requests_untimed"] == 1 and served["request_client_errors"] == 0, (served, called, said)


def main():
    programs = heard.programs("usr/lib/postgresql/15/bin", "postgres", "initdb", "pgbench", "psql", "pg_receivewal")
    if not programs:
        print("SKIP: PostgreSQL 15 is neither in build/peers (./dev test unpacks it there) nor installed")
        return 77
    os.environ.update(PGPASSWORD=PASSWORD, PGSSLMODE="disable", PGGSSENCMODE="disable", TZ="UTC")
    return heard.run(lambda: World(programs), (
        each_protocol_is_counted_to_the_query, what_it_takes_is_what_pgbench_sees, a_pipeline_up_to_a_sync_is_one_request,
        who_asks_for_encryption_in_vain_goes_on, errors_are_told_by_whose_fault_they_are,
        who_is_let_in_by_nobody_is_an_error, a_copy_has_no_time, syncs_in_a_pipeline_and_a_copy_in_parts_are_counted,
        notifications_are_nobodys, large_values_are_read_to_their_end, who_replicates_leaves))


if __name__ == "__main__":
    sys.exit(main())
