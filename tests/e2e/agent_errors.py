# SPDX-License-Identifier: Apache-2.0
"""agent_errors.py BIN: whatever is wrong when plimsoll-agent starts, it ends by itself with one error of
three lines (what, cause, fix) and the documented code: 1 failed, 2 usage. agent.py has what happens
while it runs."""
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import time

PATIENCE = 60
AGENT = os.path.join(sys.argv[1], "plimsoll-agent")
DIR = tempfile.mkdtemp(prefix="plimsoll-e2e-errors-")
SOCKET = os.path.join(DIR, "run", "agent.sock")
os.chmod(DIR, 0o711)  # the agent leaves root, and makes its socket in a directory below
PLAIN = ["--config", "", "--node", "e2e", "--log-level", "error"]
START = [*PLAIN, "--socket", SOCKET]
FAILED, USAGE = 1, 2
SHAPE = re.compile(r"plimsoll-agent: (.+)\n  cause: (.+)\n  fix:   (.+)\n")


def fails(arguments, code, what, cause, fix, command=(), env=None):
    """Each of the three lines contains a match of its pattern; nothing else is said."""
    p = subprocess.run([*command, AGENT, *arguments], env={**os.environ, **(env or {})}, text=True,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
    said = SHAPE.fullmatch(p.stderr)
    assert said, (arguments, p)
    for line, pattern in zip(said.groups(), (what, cause, fix)):
        assert re.search(pattern, line), (arguments, pattern, p.stderr)
    assert p.returncode == code, (arguments, p)
    assert p.stdout == "", p


def yaml(text):
    path = os.path.join(DIR, "agent.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return ["--config", path]


def without(*capabilities):
    return ["setpriv", "--bounding-set", ",".join("-" + c for c in capabilities)]


def no_btf():
    fails(START, FAILED, "no BTF", "/sys/kernel/btf/vmlinux: No such file", "CONFIG_DEBUG_INFO_BTF=y",
          command=["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /sys/kernel/btf && exec "$0" "$@"'])


def no_cgroup_mount():
    fails(START, FAILED, "no cgroup hierarchy is mounted", "mountinfo names neither cgroup2 nor",
          "mount -t cgroup2 none /sys/fs/cgroup", command=[
              "unshare", "-m", "sh", "-c", 'umount -a -t cgroup,cgroup2 && exec "$0" "$@"'])


def a_missing_capability_is_named():
    for name in ("BPF", "PERFMON"):
        fails(START, FAILED, f"missing CAP_{name}$", "BPF programs", f"root.*CAP_{name}",
              command=without("sys_admin", name.lower()))
    assert not os.path.exists(SOCKET)


def a_socket_that_cannot_be():
    plain_file = os.path.join(DIR, "file")
    with open(plain_file, "w", encoding="utf-8") as file:
        file.write("keep me")
    for path, what, cause in (
            (DIR + "/no/such/a.sock", f"directory {DIR}/no/such ", "No such file or directory"),
            (plain_file + "/a.sock", f"unix:{plain_file}/a.sock", "Not a directory"),
            (plain_file, f"unix:{plain_file}", "no socket"),
            (DIR, f"unix:{DIR}", "no socket")):
        fails([*PLAIN, "--socket", path], FAILED, re.escape(what), cause, "make it|remove it|choose")
    with open(plain_file, encoding="utf-8") as file:
        assert file.read() == "keep me"


def stays_root():
    """A sanitizer's build keeps every privilege."""
    with open(AGENT, "rb") as f:
        return b"__asan_init" in f.read()


def a_directory_that_may_not_be_written():
    theirs = os.path.join(DIR, "theirs")
    os.mkdir(theirs, 0o755)
    if not stays_root():
        becomes = "plimsoll" if "plimsoll" in (u.pw_name for u in pwd.getpwall()) else "nobody"
        fails([*PLAIN, "--socket", theirs + "/a.sock"], FAILED, f"cannot listen on unix:{theirs}/a.sock",
              f"Permission denied: .*user {becomes}$", f"--socket, or give the user \"{becomes}\" the right to write")
        fails([*PLAIN, "--socket", theirs + "/a.sock", "--user", "65533"], FAILED, "cannot listen",
              "Permission denied: .*user 65533$", "give the user \"65533\" the right to write")
    os.chown(theirs, 65533, 65533)  # no root that lacks the right to write everywhere
    fails([*PLAIN, "--socket", theirs + "/a.sock", "--user", ""], FAILED, "cannot listen", "Permission denied: .*root$",
          "give the user \"root\" the right to write", command=without("dac_override", "dac_read_search"))
    fails([*PLAIN, "--socket", theirs + "/a.sock"], FAILED, "cannot listen", "Read-only file system",
          "may write to", command=["unshare", "-m", "sh", "-c",
                                   f'mount -t tmpfs -o ro none {theirs} && exec "$0" "$@"'])


def a_socket_that_cannot_be_is_told_first():
    """Before anything is loaded, which these agents may not do."""
    before = without("sys_admin", "bpf")
    plain_file, theirs = os.path.join(DIR, "plain"), os.path.join(DIR, "not-ours")
    os.mknod(plain_file)
    os.mkdir(theirs, 0o755)
    fails([*PLAIN, "--socket", DIR + "/no/such/a.sock"], FAILED, f"directory {DIR}/no/such ", "No such file or directory",
          "make it", command=before)
    fails([*PLAIN, "--socket", plain_file], FAILED, f"cannot listen on unix:{plain_file}$", "no socket", "remove it",
          command=before)
    if not stays_root():
        fails([*PLAIN, "--socket", plain_file + "/a.sock"], FAILED, f"cannot listen on unix:{plain_file}/a.sock$",
              "Not a directory", "choose", command=before)
        fails([*PLAIN, "--socket", theirs + "/a.sock", "--user", "65533"], FAILED,
              f"cannot listen on unix:{theirs}/a.sock", "Permission denied: .*user 65533$",
              "give the user \"65533\" the right to write", command=before)
        os.chown(theirs, 65533, 65533)  # where root writes by a capability that it gives up
        fails([*PLAIN, "--socket", theirs + "/a.sock", "--user", ""], FAILED, "cannot listen",
              "Permission denied: .*root$", "give the user \"root\" the right to write", command=before)
    assert os.listdir(theirs) == [], "something was left there"


def a_second_agent():
    first = subprocess.Popen([AGENT, *START], stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + PATIENCE
        while not os.path.exists(SOCKET):
            assert first.poll() is None and time.monotonic() < end, "the first agent does not start"
            time.sleep(0.05)
        fails(START, FAILED, f"cannot listen on unix:{SOCKET}", f"process {first.pid} listens there", "stop it",
              command=without("sys_admin", "bpf"))  # before it loads anything
        fails(START, FAILED, f"cannot listen on unix:{SOCKET}", f"process {first.pid} listens there",
              "stop it, or choose another")
        assert first.poll() is None
    finally:
        first.terminate()
        assert first.wait(timeout=PATIENCE) == 0
    assert not os.path.exists(SOCKET)


def unknown_options():
    for word, nearest in (("--intervall=1s", "--interval"), ("--agregator=x", "--aggregator"),
                          ("--log-levl=info", "--log-level")):
        name = word.split("=", maxsplit=1)[0]
        fails([word], USAGE, f"^{name}: unknown", f'"{name[2:]}"', f"did you mean {nearest}[?]$")
    fails(["--xyzzy"], USAGE, "--xyzzy: unknown", "no option", "--help lists")
    fails(["start"], USAGE, '"start"', "options only", "--help lists")
    fails(["--interval"], USAGE, "--interval: no value", "nothing follows", "--interval VALUE")


def broken_yaml():
    for text, line, column, cause in (
            ("node: e2e\ninterval: [1s\n", 3, 1, "did not find expected"),
            ("node: e2e\n\tinterval: 1s\n", 2, 1, "tab"),
            ("node: {a: b}\n", 1, 7, "not a mapping"),
            ("node: a\nnode: b\n", 2, 1, "line 1")):
        fails(yaml(text), USAGE, f"agent.yaml:{line}:{column}: ", cause, "indent|write|remove")
    fails(yaml("node: e2e\n  \nintervall: 1s\n"), USAGE, "agent.yaml:3:1: intervall: unknown", "no option",
          "did you mean interval[?]$")
    fails(["--config", DIR + "/none.yaml"], USAGE, "none.yaml: cannot be read", "No such file", "path")


def values_out_of_range():
    fails(["--interval", "1ms"], USAGE, "^--interval: ", '"1ms" is out of bounds', "from 100ms to 1m")
    fails(["--max-cgroups", "1"], USAGE, "^--max-cgroups: ", '"1" is out of bounds', "64 to 65536")
    fails(["--spool", "1s"], USAGE, "^--spool: ", '"1s" is out of bounds', "from 5m to 1h")
    fails(["--interval", "soon"], USAGE, "^--interval: ", '"soon" is no duration', "number and a unit, from 100ms to 1m")
    fails(["--log-level", "loud"], USAGE, "^--log-level: ", "loud", "debug.*error")
    fails(yaml("interval: 1ms\n"), USAGE, "agent.yaml:1:11: interval: ", "out of bounds", "100ms")
    fails(PLAIN, USAGE, "^PLIMSOLL_INTERVAL: ", "never", "from 100ms to 1m", env={"PLIMSOLL_INTERVAL": "never"})


def a_user_that_is_not():
    fails([*PLAIN, "--user", "no-such-user", "--check"], USAGE, '^--user: "no-such-user" is no user', "list of users",
          "useradd|name another")


def addresses_without_a_port():
    for option in ("--listen", "--aggregator"):
        for address in ("host", "host:", "host:99999", "host:-1", "unix:"):
            fails([*PLAIN, "--insecure", option, address], USAGE, f'^{option}: "{address}" is no address',
                  "port from 0 to 65535", "0.0.0.0:9461")
    for more in ([], ["--check"]):
        fails([*PLAIN, "--insecure", "--aggregator", "host:0", *more], USAGE, '^--aggregator: "host:0" has no port',
              "port 0 is any free one", "10.0.0.5:9461")


def main():
    if os.geteuid() != 0:
        print("SKIP: the agent needs root")
        return 77
    try:
        for test in (no_btf, no_cgroup_mount, a_missing_capability_is_named, a_socket_that_cannot_be,
                     a_directory_that_may_not_be_written, a_socket_that_cannot_be_is_told_first, a_second_agent,
                     unknown_options, broken_yaml, values_out_of_range, a_user_that_is_not, addresses_without_a_port):
            test()
            print("ok", test.__name__.replace("_", " "), flush=True)
    finally:
        shutil.rmtree(DIR, ignore_errors=True)
    return 0


sys.exit(main())
