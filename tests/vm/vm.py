#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""vm.py [--quick] [--verbose] BUILD KERNEL...: boots each kernel (a folder into which its Debian package was
unpacked) in QEMU, emulated, with a pure cgroup v2 tree and nothing but the probe's tests; runs them and prints a table
kernel x signal, in which a signal works when tests compared it there with the kernel's word. Fails when a test does,
when a signal does not work, or when a kernel hangs. The kernel "here" is this machine, without emulation, where some
need not be proved. --quick runs what proves a
signal, and nothing else; --verbose shows all that the guests say."""
import glob
import os
import re
import signal
import subprocess
import sys

import initramfs
import machine

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 120  # seconds for one test in the guest, which emulates every instruction
HERE_TOO = "here"  # instead of a kernel: this machine
ATTACHED = "attached, not judged"  # delivered, but no test compared it with the kernel's word there
MEMORY = "1536M"
DISK = 160 << 20  # bytes; test_block writes there with O_DIRECT
DISK_BYTES_A_SECOND = 20 << 20  # read: slow beside CPUs that are emulated, as disks are beside real ones
# Drivers of the disk, what makes losses for test_tcp, what ss asks, the slow link of test_connections.
MODULES = ("virtio_pci", "virtio_blk", "nf_tables", "nft_numgen", "nft_limit", "tcp_diag", "tun", "nft_chain_nat", "nft_nat")
PROGRAMS = ("/usr/bin/fio", "/usr/bin/ss", "/usr/sbin/nft")
# Compares our clock with the kernel's run statistics, a few ns apart: an emulated clock takes longer than that.
NOT_EMULATED = {"test_cost": "compares clocks to a few ns, which an emulated machine does not have"}
# What proves the signals of a group on a kernel: programs, or one test of a program, all of which must have passed there.
PROOF = {
    "cpu": ("test_time",),
    "memory": ("test_memory usage_limit_and_working_set_are_those_of_the_files",),
    "working-set": ("test_memory usage_limit_and_working_set_are_those_of_the_files",),
    "pressure": ("test_pressure",),
    "cpu-bandwidth": ("test_bandwidth",),
    "memory-detail": ("test_memory high_and_swap_are_those_of_the_files", "test_memory each_oom_kill_is_counted",
                      "test_memory what_it_consists_of_is_what_memory_stat_says",
                      "vm-test_memory swap_in_use_is_memory_swap_current"),
    "memory-composition": ("test_memory what_it_consists_of_is_what_memory_stat_says",),
    "reclaim": ("test_reclaim", "vm-test_memory direct_reclaim_is_what_the_kernel_accounts"),
    "io": ("test_block",),
    "network": ("test_tcp",),
    "tcp": ("test_tcp",),
    "listen": ("test_listen",),
    "tasks": ("test_task", "test_faults"),
    "oom-victim": ("test_oom",),
    "requests": ("test_request", "test_edges"),
    "turns": ("test_request",),
    "restarts": ("test_restarts",),
    "connects": ("test_tcp", "test_connections who_gives_up_has_no_failure",
                 "test_connections an_older_call_that_hangs_shows")}
# Computed from two others, which are compared.
COMPUTED = ("memory_working_set_bytes",)


def program_of(proof):
    return proof.split(" ")[0]


class Guest(machine.Guest):
    """And what it says of signals."""

    def __init__(self, kernel):
        super().__init__(kernel)
        self.signals, self.notices, self.passed = {}, [], set()

    def said(self, text):
        super().said(text)
        self.measured(text.split(" ", 3), text)
        if ok := re.search(r"\[       OK \] (\w+)$", text):
            self.passed.add(self.running + " " + ok[1])

    def measured(self, words, text):
        if self.running != "signals":
            return
        if words[0] == "signal" and len(words) == 3:
            self.signals[words[1]] = words[2]
        elif words[0] == "notice" and len(words) == 4 and words[2] != "ok":
            self.notices.append(words[1] + ": " + words[3])
        elif words[0] == "failed":
            self.notices.append(text)

    def lacks(self, proof):
        """Why it proves nothing here; None: it does."""
        program, status = program_of(proof), self.status.get(program_of(proof))
        if status in (None, machine.NOT_RUN) or (status == 0 and " " in proof and proof not in self.passed):
            return ATTACHED
        return None if status == 0 or proof in self.passed else program + " fails"

    def verdict(self, name):
        """Of a group of signals: works, which takes proof, or how far it got."""
        if self.signals.get(name) != "delivered":
            return "absent"
        lacking = [self.lacks(p) for p in PROOF[name]]
        return max(filter(None, lacking), default="works", key=lambda why: why != ATTACHED)


def tests(build, quick):
    """In the order in which they run: what can be measured comes first, what is done to the machine last."""
    programs = glob.glob(os.path.join(build, "tests", "bpf-test_*"))
    found = {os.path.basename(p).removeprefix("bpf-"): p for p in programs}
    for name in list(found):
        if name in NOT_EMULATED or (quick and name not in {program_of(p) for group in PROOF.values() for p in group}):
            del found[name]
    whole = {os.path.basename(p): p for p in sorted(glob.glob(os.path.join(build, "tests", "vm-test_*")))}
    return {"signals": os.path.join(build, "tests", "vm-signals")} | dict(sorted(found.items())) | whole


def boot(kernel, build, folder, quick):
    """The command of a guest, whose files it makes in `folder`."""
    image, disk = os.path.join(folder, "initramfs"), os.path.join(folder, "disk")
    initramfs.write(image, os.path.join(HERE, "init.sh"), tests(build, quick), PROGRAMS, kernel, MODULES, LIMIT)
    with open(disk, "wb") as f:
        f.truncate(DISK)
    subprocess.run(["/usr/sbin/mkfs.ext4", "-q", disk], check=True)
    return machine.command(kernel, image, MEMORY) + [
        "-drive", f"file={disk},format=raw,if=virtio,cache=unsafe,throttling.bps-read={DISK_BYTES_A_SECOND}"]


def run(kernel, build, quick, verbose):
    return machine.run(lambda: Guest(kernel), lambda folder: boot(kernel, build, folder, quick), verbose)


def run_here(build, quick, verbose):
    """This machine as it is, without what is done to a machine, which a guest alone bears."""
    guest = Guest(HERE_TOO)
    guest.line("vm: kernel " + os.uname().release)
    for name, program in tests(build, quick).items():
        guest.line("vm: begin " + name)
        done = subprocess.run([program], capture_output=True, text=True, errors="replace", check=False)
        for text in (done.stdout + done.stderr).splitlines():
            guest.line(text)
            if verbose:
                print("here| " + text, flush=True)
        guest.line(f"vm: end {name} {done.returncode}")
        machine.report(guest, ["end", name, str(done.returncode)])
    guest.line("vm: done")
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
    missing = [name for name in PROOF if guest.verdict(name) != "works"]
    return guest.print_failures() + (len(missing) if guest.kernel != HERE_TOO else 0)


def source_of(proof):
    folder, name = ("vm", proof[3:]) if proof.startswith("vm-") else ("bpf", proof)
    with open(os.path.join(HERE, "..", folder, program_of(name) + ".c"), encoding="utf-8") as f:
        return f.read()


def check_proofs():
    """Each signal is named by a test that shall prove its group, and each such test is there."""
    with open(os.path.join(HERE, "..", "..", "include", "plimsoll", "signals.def"), encoding="utf-8") as f:
        table = f.read()
    words = dict(re.findall(r'^GROUP\((\w+), \d+, "([^"]+)"', table, re.M))
    wrong = [f"{word}: in one of PROOF and signals.def" for word in set(words.values()) ^ set(PROOF)]
    sources = {word: "".join(map(source_of, proofs)) for word, proofs in PROOF.items()}
    for name, group in re.findall(r"^SIGNAL\(\w+, (\w+), \w+, \w+, (\w+)", table, re.M):
        if name not in COMPUTED and not re.search(rf"\b{name}\b", sources.get(words[group], "")):
            wrong.append(f"{name}: no test of PROOF[\"{words[group]}\"] names it")
    wrong += [f"{proof}: there is no such test" for word, proofs in PROOF.items() for proof in proofs
              if not re.search(rf"\b{proof.split(' ')[-1]}\b", sources[word]) and " " in proof]
    if wrong:
        sys.exit("vm: what proves the signals:\n  " + "\n  ".join(wrong))


def main(arguments):
    quick, verbose = "--quick" in arguments, "--verbose" in arguments
    build, *kernels = [a for a in arguments if not a.startswith("--")]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the guest ends, too
    check_proofs()
    guests = [(run_here if k == HERE_TOO else lambda *how, k=k: run(k, *how))(build, quick, verbose) for k in kernels]
    print_table(guests)
    for name, why in NOT_EMULATED.items():
        print(f"\n{name} does not run in a guest: it {why}.")
    return sum(map(print_failures, guests)) != 0


try:
    sys.exit(main(sys.argv[1:]))
except KeyboardInterrupt:
    sys.exit(130)
