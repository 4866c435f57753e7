#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""units.py [--verbose] BUILD KERNEL: boots the kernel (a folder into which its Debian package was unpacked) in QEMU,
emulated, with this machine's systemd as process 1 and what `cmake --install BUILD` puts on a machine; there
units.sh starts the services and looks at them. Fails when one of its checks does, or when the guest hangs."""
import os
import signal
import subprocess
import sys

import initramfs
import machine

HERE = os.path.dirname(os.path.abspath(__file__))
SYSTEMD = "/lib/systemd/systemd"
MEMORY = "1G"
# One folder by two names, as on Debian: units are in the one, and ldd names libraries by the other.
MERGED = {"/usr/bin": "/bin", "/usr/sbin": "/sbin", "/usr/lib": "/lib", "/usr/lib64": "/lib64"}
PROGRAMS = (SYSTEMD, "/lib/systemd/systemd-journald", "/usr/bin/systemctl", "/usr/bin/systemd-run",
            "/usr/bin/systemd-sysusers", "/usr/bin/systemd-tmpfiles", "/usr/bin/journalctl")
UNITS = ("sysinit.target", "basic.target", "multi-user.target", "local-fs.target", "swap.target", "sockets.target",
         "timers.target", "paths.target", "slices.target", "network-online.target", "systemd-journald.service",
         "systemd-journald.socket", "systemd-journald-dev-log.socket")
WANTS = {"sysinit.target": "systemd-journald.service", "sockets.target": "systemd-journald.socket"}
CHECK = """[Unit]
Description=Looks at the units of Plimsoll
[Service]
Type=exec
ExecStart=/check
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
"""
FILES = {"/etc/passwd": "root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
         "/etc/group": "root:x:0:\nnogroup:x:65534:\n",
         "/etc/os-release": "ID=debian\n",
         "/etc/machine-id": "0123456789abcdef0123456789abcdef\n",
         "/etc/hostname": "guest\n",
         "/usr/lib/systemd/system/check.service": CHECK}


def system(archive):
    """A machine with systemd, which ends up in multi-user.target and there runs /check."""
    for to, path in MERGED.items():
        archive.folder(to[1:])
        archive.link(path, to[1:])
    for folder in ("proc", "sys", "dev", "tmp", "run", "var/tmp", "var/lib", "var/log", "root"):
        archive.folder(folder)
    archive.program(initramfs.BUSYBOX)
    for program in PROGRAMS:
        archive.program(program)
    units = "/usr/lib/systemd/system/"
    for name in UNITS:
        archive.copy(units + name, mode=0o644)
    for target, name in (*WANTS.items(), ("multi-user.target", "check.service")):
        archive.link(f"{units}{target}.wants/{name}", "../" + name)
    archive.link("/var/run", "../run")
    archive.link("/etc/systemd/system/default.target", units + "multi-user.target")
    for path, text in FILES.items():
        archive.put(path, text.encode(), 0o644)
    archive.copy(os.path.join(HERE, "units.init.sh"), "/init")
    archive.copy(os.path.join(HERE, "units.sh"), "/check")


def installed(archive, build, folder):
    """What the packaging puts on a machine, with the libraries."""
    root = os.path.join(folder, "root")
    subprocess.run(["cmake", "--install", build, "--prefix", "/usr"], check=True, stdout=subprocess.DEVNULL,
                   env=os.environ | {"DESTDIR": root})
    for where, _, names in os.walk(root):
        for name in names:
            path = os.path.join(where, name)
            if os.access(path, os.X_OK):
                archive.program(path, path[len(root):])
            else:
                archive.copy(path, path[len(root):], 0o644)


def boot(kernel, build, folder):
    image = os.path.join(folder, "initramfs")
    archive = initramfs.Archive(image)
    system(archive)
    installed(archive, build, folder)
    archive.end()
    return machine.command(kernel, image, MEMORY)


def main(arguments):
    verbose = "--verbose" in arguments
    build, kernel = [a for a in arguments if not a.startswith("--")]
    missing = [p for p in PROGRAMS if not os.access(p, os.X_OK)]
    if missing:
        print(f"SKIP: no {missing[0]} (Debian package systemd)")
        return machine.NOT_RUN
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the guest ends, too
    guest = machine.run(lambda: machine.Guest(kernel), lambda folder: boot(kernel, build, folder), verbose)
    return guest.print_failures() != 0


try:
    sys.exit(main(sys.argv[1:]))
except KeyboardInterrupt:
    sys.exit(130)
