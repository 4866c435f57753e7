# SPDX-License-Identifier: Apache-2.0
"""agent_stop.py BIN: told to stop at any moment, once or twice, with its aggregator away, stuck or a stranger, with a
reader that does not read: plimsoll-agent ends by itself with 0, and its socket is gone. Where a socket cannot be made
or is somebody's, it says so and leaves it alone."""
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
from loads import PATIENCE, until  # noqa: E402
from own_agent import Agent  # noqa: E402

AGENT = os.path.join(os.path.abspath(sys.argv[1]), "plimsoll-agent")
DIR = tempfile.mkdtemp(prefix="plimsoll-e2e-stop-")
os.chmod(DIR, 0o711)  # the agent leaves root, and makes its socket in a directory below
RUN = os.path.join(DIR, "run")
PLAIN = [AGENT, "--config", "", "--node", "e2e", "--socket", RUN + "/agent.sock"]
MOMENTS = 6  # from before it has read its options to after it serves


def start_time():
    """How long a start takes here and now."""
    began = time.monotonic()
    agent = Agent(AGENT, DIR)
    took = time.monotonic() - began
    assert agent.kill(signal.SIGTERM) == 0
    return took


def stopped_after(delay, *signals):
    process = subprocess.Popen(PLAIN, stderr=subprocess.PIPE, text=True)
    try:
        time.sleep(delay)
        for signum in signals:
            process.send_signal(signum)
            time.sleep(0.005)
        said = process.communicate(timeout=PATIENCE)[1]
    finally:
        process.kill()
        process.wait()
    # Killed: it had not come to the first line of its start, and nothing was made.
    assert process.returncode == 0 or process.returncode == -signals[0] and not said, (delay, process.returncode, said)
    assert re.search("gave up every privilege|keeps every privilege: built with a sanitizer", said) or not said, said
    assert not os.path.isdir(RUN) or os.listdir(RUN) == [], (delay, said)
    return process.returncode


def at_any_moment():
    span = start_time() * 1.2
    for signals in ((signal.SIGTERM,), (signal.SIGINT, signal.SIGINT)):
        codes = [stopped_after(span * i / MOMENTS, *signals) for i in range(MOMENTS + 1)]
        assert codes[-1] == 0, codes


def while_it_cannot_stream():
    """Nobody there; one who takes connections and never answers; one who speaks something else."""
    gone, mute, stranger = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0)), None
    try:
        ports = [s.getsockname()[1] for s in (gone, mute)]
        gone.close()
        stranger = subprocess.Popen([sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "0"],
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                    env={**os.environ, "PYTHONUNBUFFERED": "1"}, cwd=DIR)
        ports.append(int(re.search(r"port (\d+)", stranger.stdout.readline()).group(1)))
        for port, *insecure in zip(ports, ("--insecure=false", "--insecure=false", "--insecure")):
            agent = Agent(AGENT, DIR, "--aggregator", f"localhost:{port}", "--tls-dir", DIR + "/pki", *insecure)
            until("an attempt", lambda a=agent: a.counters()["agent_stream_connects_total"] >= 1)
            assert agent.counters()["agent_stream_connected"] == 0
            assert agent.kill(signal.SIGTERM) == 0
            assert os.listdir(RUN) == []
    finally:
        mute.close()
        if stranger:
            stranger.kill()
            stranger.wait()
            stranger.stdout.close()


def with_a_reader_that_does_not_read():
    agent = Agent(AGENT, DIR, "--interval", "100ms")
    watch = agent.client.call("/plimsoll.v1.Metrics/Watch", "unary_stream", agent.client.query, agent.client.batch)
    reader = watch(agent.client.query())
    next(reader)  # and never again
    time.sleep(0.5)
    agent.process.send_signal(signal.SIGTERM)
    assert agent.process.wait(timeout=PATIENCE) == 0
    assert os.listdir(RUN) == []
    reader.cancel()
    agent.client.channel.close()
    agent.log.close()


def when_nobody_reads_its_log():
    process = subprocess.Popen([*PLAIN, "--log-level", "debug"], stderr=subprocess.PIPE)
    until("it serves", lambda: os.path.exists(RUN + "/agent.sock"))
    process.stderr.close()
    time.sleep(2.5)  # seconds in which it has something to say
    assert process.poll() is None, process.returncode
    process.terminate()
    assert process.wait(timeout=PATIENCE) == 0
    assert os.listdir(RUN) == []


def refused(what, cause, fix, command=()):
    p = subprocess.run([*command, *PLAIN, "--log-level", "error"], stderr=subprocess.PIPE, text=True,
                       timeout=PATIENCE, check=False)
    assert p.returncode == 1, p
    assert re.fullmatch(f"plimsoll-agent: {what}\n  cause: {cause}\n  fix:   {fix}\n", p.stderr), p.stderr


def a_full_disk():
    """Full of files: a socket has no bytes, but it needs an inode."""
    os.makedirs(RUN, exist_ok=True)
    full = f'mount -t tmpfs -o nr_inodes=1 none {RUN} && exec "$0" "$@"'
    refused(f"cannot listen on unix:{RUN}/agent.sock", "No space left on device", "make room .*",
            command=["unshare", "-m", "sh", "-c", full])


def the_socket_of_the_living_and_of_the_dead():
    first = Agent(AGENT, DIR)
    made = os.stat(first.path).st_ctime_ns  # a number of an inode is taken again
    refused(f"cannot listen on unix:{first.path}", f"already running: process {first.process.pid} listens there",
            "stop it, or choose another socket")
    assert os.stat(first.path).st_ctime_ns == made and first.snapshot().live_rows > 0
    assert first.kill(signal.SIGKILL) == -signal.SIGKILL
    assert os.listdir(RUN) == ["agent.sock"]
    second = Agent(AGENT, DIR)
    assert os.stat(second.path).st_ctime_ns != made and second.snapshot().live_rows > 0
    assert second.kill(signal.SIGTERM) == 0
    assert os.listdir(RUN) == []


def main():
    if os.geteuid() != 0:
        print("SKIP: the agent needs root")
        return 77
    try:
        for test in (at_any_moment, while_it_cannot_stream, with_a_reader_that_does_not_read,
                     when_nobody_reads_its_log, a_full_disk, the_socket_of_the_living_and_of_the_dead):
            began = time.monotonic()
            test()
            print(f"ok {test.__name__.replace('_', ' ')} ({time.monotonic() - began:.1f} s)", flush=True)
    finally:
        shutil.rmtree(DIR, ignore_errors=True)
    return 0


sys.exit(main())
