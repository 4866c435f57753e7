# SPDX-License-Identifier: Apache-2.0
"""An emulated machine: its kernel, the command that boots it, and what it says on its serial line, of which the lines
that begin with "vm:" are for us: "vm: kernel RELEASE" once it runs, "vm: begin NAME" and "vm: end NAME STATUS" around
what each test says, and "vm: done"."""
import glob
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

SILENCE = 150  # seconds without a line after which a guest is given up: above the limit of one test
BOOT_SILENCE = 60  # until the first line; it takes 3 s
BOOTS = 3  # an emulated boot may hang before anything of ours runs
NOT_RUN = 77  # status of a test that cannot run there
TAIL = 40  # lines of a test that failed


class Guest:
    """What it said."""

    def __init__(self, kernel):
        self.kernel, self.release, self.ended = kernel, None, None
        self.status, self.output = {}, {}
        self.again = {}  # of a test that was run again, how it ended first
        self.running, self.began, self.seconds = None, 0, {}

    def line(self, text):
        words = text.split(" ", 3)
        if text.startswith("vm: begin "):
            self.begins(words[2])
        elif text.startswith("vm: end "):
            self.status[words[2]] = int(words[3])
            self.seconds[words[2]] = time.monotonic() - self.began
            self.running = None
        elif text.startswith("vm: kernel "):
            self.release = words[2]
        elif text == "vm: done":
            self.ended = True
        elif self.running:
            self.said(text)

    def begins(self, name):
        if name in self.status:
            self.again[name] = self.told(name)
        self.running, self.began, self.output[name] = name, time.monotonic(), []

    def told(self, name):
        return f"ended with {self.status[name]}:\n  " + "\n  ".join(self.output[name][-TAIL:])

    def said(self, text):
        """By the test that runs."""
        self.output[self.running].append(text)

    def print_failures(self):
        """Returns how many."""
        failed = [name for name, status in self.status.items() if status not in (0, NOT_RUN)]
        for name, told in self.again.items():
            print(f"\n{self.release}: {name} was run again; first it {told}")
        for name in failed:
            print(f"\n{self.release}: {name} {self.told(name)}")
        return len(failed) + (not self.ended)


def vmlinuz(kernel):
    found = [p for where in ("boot/vmlinuz-*", "usr/lib/modules/*/vmlinuz")
             for p in glob.glob(os.path.join(kernel, where))]
    if len(found) != 1:
        sys.exit(f"vm: {kernel} holds {len(found)} kernels, not one; remove it, and ./dev vm fetches it anew")
    return found[0]


def command(kernel, image, memory):
    """Boots the kernel with the initramfs `image`."""
    # With a thread a CPU, QEMU does not bear a kernel that rewrites code which another CPU runs; and the watchdog
    # finds an emulated TSC unstable.
    return ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-cpu", "max",
            "-accel", "tcg,thread=single", "-smp", "2", "-m", memory, "-serial", "stdio", "-kernel", vmlinuz(kernel),
            "-initrd", image, "-append", "console=ttyS0 quiet panic=-1 psi=1 tsc=reliable"]


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
        how = {"0": "passed", str(NOT_RUN): "not run"}.get(status, "failed")
        text = f"{name} {how}, {guest.seconds[name]:.0f} s"
    else:
        text = " ".join(words)
    print(f"vm: {guest.release or guest.kernel}: {text}", file=sys.stderr, flush=True)


def run(new_guest, prepare, verbose):
    """The guest that new_guest() makes, once it has ended; prepare(folder) makes its files and returns its command."""
    for _ in range(BOOTS):
        guest = run_once(new_guest(), prepare, verbose)
        if guest.release:
            break
    return guest


def run_once(guest, prepare, verbose):
    with tempfile.TemporaryDirectory(prefix="plimsoll-vm-") as folder:
        process = subprocess.Popen(prepare(folder), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        try:
            listen(guest, process, verbose)
        finally:
            process.kill()
            process.wait()
    return guest
