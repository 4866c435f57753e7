#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""bench-overhead [ROUNDS [WORD...]] | quick: what watching a machine costs those who work on it. In each round every
side takes one turn, in rotating order; in its turn each load runs once. Ratios are to the round's turn without any.
Words (pipe, messaging, fio, nginx; plimsoll-agent, runqlat, node-exporter, netdata) leave out what they do not name."""
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
import peers  # noqa: E402

ROUNDS = 11
SETTLE_S = 3  # births, caches, the first measurement of ours
TRIPS, GROUPS, MESSAGES, IO_S, HTTP_S = 200000, 4, 400, 2, 3
HTTP_PORT = 28080
SIDES = (peers.Nothing, peers.Agent, peers.Runqlat, peers.Exporter, peers.Netdata)


def cpu_of_children():
    use = resource.getrusage(resource.RUSAGE_CHILDREN)
    return use.ru_utime + use.ru_stime


def run(*command):
    """Its output and the CPU seconds of it and its children."""
    before = cpu_of_children()
    p = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if p.returncode:
        sys.exit(f"bench-overhead: {' '.join(command)} failed:\n{p.stdout}")
    return p.stdout, cpu_of_children() - before


class Pipe:
    """Two tasks of one CPU that only wake each other."""
    word, name, unit = "pipe", "`perf bench sched pipe`, one CPU", "us a round trip"

    def __init__(self, quick, _directory):
        self.trips = TRIPS // 50 if quick else TRIPS

    def turn(self):
        out, cpu = run("taskset", "-c", "0", "perf", "bench", "sched", "pipe", "-l", str(self.trips))
        return float(re.search(r"([\d.]+) usecs/op", out)[1]), cpu / self.trips * 1e6

    def close(self):
        pass


class Messaging:
    """40 tasks a group that send to each other, on all CPUs."""
    word, name, unit = "messaging", "`perf bench sched messaging`, all CPUs", "ms"

    def __init__(self, quick, _directory):
        self.loops = MESSAGES // 20 if quick else MESSAGES

    def turn(self):
        out, cpu = run("perf", "bench", "sched", "messaging", "-g", str(GROUPS), "-l", str(self.loops))
        return float(re.search(r"Total time: ([\d.]+)", out)[1]) * 1e3, cpu * 1e3

    def close(self):
        pass


class Disk:
    """4 KiB reads at random places, direct, one at a time."""
    word, name, unit = "fio", "fio, 4 KiB random direct reads", "us a read"

    def __init__(self, quick, directory):
        # Not in a memory file system: there is no block request in one.
        self.file = os.path.join(os.path.dirname(peers.BIN), f"bench-overhead-{os.getpid()}.fio")
        self.seconds = 0.5 if quick else IO_S
        run("fio", "--name=lay", "--filename=" + self.file, "--size=64m", "--bs=1m", "--rw=write", "--direct=1")

    def turn(self):
        out, cpu = run("fio", "--name=read", "--filename=" + self.file, "--size=64m", "--bs=4k", "--rw=randread",
                       "--direct=1", "--ioengine=psync", "--time_based", f"--runtime={int(self.seconds * 1000)}ms",
                       "--output-format=json")
        read = json.loads(out[out.index("{"):])["jobs"][0]["read"]
        return 1e6 / read["iops"], cpu / read["total_ios"] * 1e6

    def close(self):
        os.unlink(self.file)


class Http:
    """nginx with one worker on one CPU, wrk with 16 connections on another, in a network of their own."""
    word, name, unit = "nginx", "nginx and wrk on loopback", "us a request"

    def __init__(self, quick, directory):
        self.dir, self.space = directory, f"plimsoll-bench-{os.getpid()}"
        self.seconds = 1 if quick else HTTP_S
        cpus = os.cpu_count()
        self.server_cpu, self.client_cpu = "0", str(1 % cpus)
        run("ip", "netns", "add", self.space)
        run("ip", "-n", self.space, "link", "set", "lo", "up")
        config = os.path.join(directory, "nginx.conf")
        with open(config, "w", encoding="utf-8") as f:
            f.write("daemon off;\nmaster_process off;\n"
                    f"pid {directory}/nginx.pid;\nerror_log {directory}/error.log;\nevents {{}}\n"
                    "http {\n  access_log off;\n  keepalive_requests 1000000000;\n"
                    + "".join(f"  {what}_temp_path {directory}/{what};\n"
                              for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
                    + f"  server {{ listen 127.0.0.1:{HTTP_PORT}; location / {{ return 200 \"hello\\n\"; }} }}\n}}\n")
        self.server = subprocess.Popen(self.inside("taskset", "-c", self.server_cpu, peers.program("nginx"), "-p",
                                                   directory, "-c", config), stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        if self.server.poll() is not None:
            sys.exit(f"bench-overhead: nginx ended by itself; see {directory}")

    def inside(self, *command):
        return ("ip", "netns", "exec", self.space, *command)

    def server_cpu_s(self):
        with open(f"/proc/{self.server.pid}/schedstat", encoding="utf-8") as f:
            return int(f.read().split()[0]) / 1e9

    def turn(self):
        before = self.server_cpu_s()
        out, _ = run(*self.inside("taskset", "-c", self.client_cpu, "wrk", "-t1", "-c16", f"-d{self.seconds}s",
                                  f"http://127.0.0.1:{HTTP_PORT}/"))
        requests = int(re.search(r"(\d+) requests in", out)[1])
        rate = float(re.search(r"Requests/sec: +([\d.]+)", out)[1])
        return 1e6 / rate, (self.server_cpu_s() - before) / requests * 1e6

    def close(self):
        self.server.send_signal(signal.SIGTERM)
        self.server.wait()
        subprocess.run(("ip", "netns", "del", self.space), check=False)


LOADS = (Pipe, Messaging, Disk, Http)


def measure(sides, loads, rounds, settle):
    """{(side, load): [(wall, CPU) a round]}"""
    results = {}
    for n in range(rounds):
        for k in range(len(sides)):
            side = sides[(n + k) % len(sides)]
            print(f"bench-overhead: round {n + 1} of {rounds}, {side.name}", file=sys.stderr, flush=True)
            try:
                side.start()
                time.sleep(settle)
                for load in loads:
                    results.setdefault((side.name, load.name), []).append(load.turn())
            finally:
                side.stop()
    return results


def print_load(sides, load, results):
    base = results[("none", load.name)]
    print(f"\n{load.name}; {load.unit}\n\n| side | time, to none | CPU time, to none | time | CPU time |\n|---|---|---|---|---|")
    for side in sides:
        turns = results[(side.name, load.name)]
        ratios = [peers.spread(t[i] / b[i] for t, b in zip(turns, base)) for i in (0, 1)]
        print(f"| {side.name} | {ratios[0]} | {ratios[1]} | "
              + " | ".join(peers.spread((t[i] for t in turns), "{:.2f}") for i in (0, 1)) + " |")


def side_word(side):
    return side.name.split()[-1]


def chosen(all_of_them, word_of, words):
    """Those that are named; if none is, all."""
    return [one for one in all_of_them if word_of(one) in words] or list(all_of_them)


def main(arguments):
    quick = arguments == ["quick"]
    rounds = 1 if quick else int((arguments + [str(ROUNDS)])[0])
    words = arguments[1:]
    unknown = set(words) - {k.word for k in LOADS} - {side_word(s) for s in SIDES}
    if unknown:
        sys.exit(f"bench-overhead: no load and no side is called {' or '.join(sorted(unknown))}; "
                 f"there are {' '.join([k.word for k in LOADS] + [side_word(s) for s in SIDES[1:]])}")
    directory = peers.directory()
    loads = []
    sides = [SIDES[0]] + chosen(SIDES[1:], side_word, words)
    sides = peers.those_there([s(directory) for s in sides])
    try:
        for kind in chosen(LOADS, lambda k: k.word, words):
            if kind is Http and not (peers.program("nginx") and peers.program("wrk")):
                print("left out, for nginx or wrk is not on this machine: HTTP", file=sys.stderr)
                continue
            if kind in (Pipe, Messaging) and not peers.program("perf"):
                print("left out, for perf is not on this machine: " + kind.name, file=sys.stderr)
                continue
            loads.append(kind(quick, directory))
        results = measure(sides, loads, rounds, 0.5 if quick else SETTLE_S)
    finally:
        for load in loads:
            load.close()
        shutil.rmtree(directory, ignore_errors=True)
    print(f"{rounds} rounds taking turns: median (least–most) of the ratios to the same round without, and of the times.")
    for load in loads:
        print_load(sides, load, results)


main(sys.argv[1:])
