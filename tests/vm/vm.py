#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""vm.py [--quick] [--verbose] BUILD KERNEL...: boots each kernel (a folder into which its Debian package was
unpacked) in QEMU, emulated, with a pure cgroup v2 tree and nothing but the probe's tests; runs them and prints a table
kernel x signal. Fails when a test does, when a signal is absent, or when a kernel hangs. --quick runs what proves a
signal, and nothing else; --verbose shows all that the guests say."""
import glob
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

import initramfs

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 120  # seconds for one test in the guest, which emulates every instruction
SILENCE = 150  # seconds without a line after which a guest is given up: above LIMIT
BOOT_SILENCE = 60  # until the first line; it takes 3 s
BOOTS = 3  # an emulated boot may hang before anything of ours runs
TAIL = 40  # lines of a test that failed
MEMORY = "1536M"
DISK = 160 << 20  # bytes; test_block writes there with O_DIRECT
DISK_BYTES_A_SECOND = 20 << 20  # read: slow beside CPUs that are emulated, as disks are beside real ones
# Drivers of the disk, what makes losses for test_tcp, what ss asks.
MODULES = ("virtio_pci", "virtio_blk", "nf_tables", "nft_numgen", "nft_limit", "tcp_diag")
PROGRAMS = ("/usr/bin/fio", "/usr/bin/ss", "/usr/sbin/nft")
# Compares our clock with the kernel's run statistics, a few ns apart: an emulated clock takes longer than that.
NOT_EMULATED = {"test_cost": "compares clocks to a few ns, which an emulated machine does not have"}
# Which test of the guest proves a signal.
PROOF = {"cpu": "test_time", "memory": "test_memory", "working-set": "test_memory", "pressure": "test_pressure",
         "cpu-bandwidth": "test_bandwidth", "memory-detail": "test_memory", "memory-composition": "test_memory",
         "reclaim": "test_reclaim", "io": "test_block", "network": "test_tcp", "tcp": "test_tcp",
         "listen": "test_listen", "tasks": "test_task", "oom-victim": "test_oom", "requests": "test_request",
         "restarts": "test_restarts", "connects": "test_tcp"}
PROOF_TOO = ("test_faults",)  # of another signal of its group


class Guest:
    """What it said."""

    def __init__(self, kernel):
        self.kernel, self.release, self.ended = kernel, None, None
        self.signals, self.notices, self.status, self.output = {}, [], {}, {}
        self.running, self.began, self.seconds = None, 0, {}

    def line(self, text):
        words = text.split(" ", 3)
        if text.startswith("vm: begin "):
            self.running, self.began = words[2], time.monotonic()
            self.output[self.running] = []
        elif text.startswith("vm: end "):
            self.status[words[2]] = int(words[3])
            self.seconds[words[2]] = time.monotonic() - self.began
            self.running = None
        elif text.startswith("vm: kernel "):
            self.release = words[2]
        elif text == "vm: done":
            self.ended = True
        elif self.running:
            self.output[self.running].append(text)
            self.measured(words, text)

    def measured(self, words, text):
        if self.running != "signals":
            return
        if words[0] == "signal" and len(words) == 3:
            self.signals[words[1]] = words[2]
        elif words[0] == "notice" and len(words) == 4 and words[2] != "ok":
            self.notices.append(words[1] + ": " + words[3])
        elif words[0] == "failed":
            self.notices.append(text)

    def verdict(self, name):
        """Of a signal: works, or why not."""
        proof = self.status.get(PROOF[name])
        if self.signals.get(name) != "works":
            return "absent"
        return "works" if proof == 0 else f"{PROOF[name]} fails" if proof is not None else "not proved"


def vmlinuz(kernel):
    found = [p for where in ("boot/vmlinuz-*", "usr/lib/modules/*/vmlinuz")
             for p in glob.glob(os.path.join(kernel, where))]
    if len(found) != 1:
        sys.exit(f"vm: {kernel} holds {len(found)} kernels, not one; remove it, and ./dev vm fetches it anew")
    return found[0]


def tests(build, quick):
    """In the order in which they run: what can be measured comes first, what is done to the machine last."""
    programs = glob.glob(os.path.join(build, "tests", "bpf-test_*"))
    found = {os.path.basename(p).removeprefix("bpf-"): p for p in programs}
    for name in list(found):
        if name in NOT_EMULATED or (quick and name not in (*PROOF.values(), *PROOF_TOO)):
            del found[name]
    machine = {os.path.basename(p): p for p in sorted(glob.glob(os.path.join(build, "tests", "vm-test_*")))}
    return {"signals": os.path.join(build, "tests", "vm-signals")} | dict(sorted(found.items())) | machine


def boot(kernel, build, folder, quick):
    """The command of a guest, whose files it makes in `folder`."""
    image, disk = os.path.join(folder, "initramfs"), os.path.join(folder, "disk")
    initramfs.write(image, os.path.join(HERE, "init.sh"), tests(build, quick), PROGRAMS, kernel, MODULES, LIMIT)
    with open(disk, "wb") as f:
        f.truncate(DISK)
    subprocess.run(["/usr/sbin/mkfs.ext4", "-q", disk], check=True)
    # With a thread a CPU, QEMU does not bear a kernel that rewrites code which another CPU runs; and the watchdog
    # finds an emulated TSC unstable.
    return ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-cpu", "max",
            "-accel", "tcg,thread=single", "-smp", "2", "-m", MEMORY, "-serial", "stdio", "-kernel", vmlinuz(kernel),
            "-initrd", image, "-append", "console=ttyS0 quiet panic=-1 psi=1 tsc=reliable",
            "-drive", f"file={disk},format=raw,if=virtio,cache=unsafe,throttling.bps-read={DISK_BYTES_A_SECOND}"]


def listen(guest, process, verbose):
    """Takes in what it says, until it ends; kills one that has said nothing for too long."""
    last, silent = [time.monotonic()], []

    def watch():
        while process.poll() is None:
            if time.monotonic() - last[0] > (SILENCE if guest.release else BOOT_SILENCE):
                silent.append(True)
                process.kill()
            time.sleep(1)

    threading.Thread(target=watch, daemon=True).start()
    tail = []
    for raw in process.stdout:
        text = raw.decode(errors="replace").rstrip("\r\n")
        last[0] = time.monotonic()
        tail = (tail + [text])[-20:]
        if verbose:
            print(f"{os.path.basename(guest.kernel)}| {text}", flush=True)
        guest.line(text)
        if not verbose and re.match("vm: (no|end) ", text):
            report(guest, text.split()[1:])
    process.wait()
    if not guest.ended:
        print(f"vm: {guest.kernel} {'hung' if silent else 'stopped'}; its last lines:\n" + "\n".join(tail))


def report(guest, words):
    if words[0] == "end":
        name, status = words[1:]
        text = f"{name} {'passed' if status == '0' else 'failed'}, {guest.seconds[name]:.0f} s"
    else:
        text = " ".join(words)
    print(f"vm: {guest.release or guest.kernel}: {text}", file=sys.stderr, flush=True)


def run(kernel, build, quick, verbose):
    for _ in range(BOOTS):
        guest = run_once(kernel, build, quick, verbose)
        if guest.release:
            break
    return guest


def run_once(kernel, build, quick, verbose):
    guest = Guest(kernel)
    with tempfile.TemporaryDirectory(prefix="plimsoll-vm-") as folder:
        process = subprocess.Popen(boot(kernel, build, folder, quick), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            listen(guest, process, verbose)
        finally:
            process.kill()
            process.wait()
    return guest


def print_table(guests):
    print("| signal | " + " | ".join(g.release or g.kernel for g in guests) + " |")
    print("|---" * (len(guests) + 1) + "|")
    for name in PROOF:
        print(f"| {name} | " + " | ".join(g.verdict(name) for g in guests) + " |")
    for g in guests:
        for text in g.notices:
            print(f"\n{g.release}: {text}")


def print_failures(guest):
    """Returns how many."""
    failed = [name for name, status in guest.status.items() if status != 0]
    for name in failed:
        print(f"\n{guest.release}: {name} ended with {guest.status[name]}:\n  " +
              "\n  ".join(guest.output[name][-TAIL:]))
    absent = [name for name in PROOF if guest.verdict(name) != "works"]
    return len(failed) + len(absent) + (not guest.ended)


def main(arguments):
    quick, verbose = "--quick" in arguments, "--verbose" in arguments
    build, *kernels = [a for a in arguments if not a.startswith("--")]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the guest ends, too
    with open(os.path.join(HERE, "..", "..", "include", "plimsoll", "signals.def"), encoding="utf-8") as f:
        unknown = set(re.findall(r'^GROUP\(\w+, \d+, "([^"]+)"', f.read(), re.M)) ^ set(PROOF)
    if unknown:
        sys.exit(f"vm: PROOF in vm.py and signals.def differ in {', '.join(sorted(unknown))}")
    guests = [run(k, build, quick, verbose) for k in kernels]
    print_table(guests)
    for name, why in NOT_EMULATED.items():
        print(f"\n{name} does not run in a guest: it {why}.")
    return sum(map(print_failures, guests)) != 0


try:
    sys.exit(main(sys.argv[1:]))
except KeyboardInterrupt:
    sys.exit(130)
