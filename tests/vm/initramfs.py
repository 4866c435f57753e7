# SPDX-License-Identifier: Apache-2.0
"""Writes the file system of a guest: busybox, the tests, what they run, the libraries of both, kernel modules."""
import glob
import lzma
import os
import re
import stat
import subprocess

BUSYBOX = "/bin/busybox"


def libraries(program):
    """Full paths of what the loader would load, and of the loader."""
    said = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return set(re.findall(r"(?:=> |^\s)(/\S+)", said, re.M))


class Archive:
    """cpio as the kernel reads it (the "newc" format): nothing but names, modes and bytes."""

    def __init__(self, path):
        self.file, self.number, self.known = open(path, "wb"), 0, set()

    def entry(self, name, mode, data=b""):
        self.number += 1
        raw = name.encode() + b"\0"
        head = b"070701" + b"".join(b"%08x" % n for n in (
            self.number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0))
        for part in (head + raw, data):
            self.file.write(part + b"\0" * (-len(part) % 4))

    def folder(self, path):
        if path and path not in self.known:
            self.folder(os.path.dirname(path))
            self.known.add(path)
            self.entry(path, stat.S_IFDIR | 0o755)

    def link(self, path, to):
        """One that stands for a folder comes before what is put there: the kernel follows it."""
        self.folder(os.path.dirname(path.lstrip("/")))
        self.known.add(path.lstrip("/"))
        self.entry(path.lstrip("/"), stat.S_IFLNK | 0o777, to.encode())

    def put(self, path, data, mode=0o755):
        path = path.lstrip("/")
        if path not in self.known:
            self.folder(os.path.dirname(path))
            self.known.add(path)
            self.entry(path, stat.S_IFREG | mode, data)

    def copy(self, source, to=None, mode=0o755):
        with open(source, "rb") as f:
            self.put(to or source, f.read(), mode)

    def program(self, source, to=None):
        self.copy(source, to)
        for library in libraries(source):
            self.copy(library)

    def end(self):
        self.entry("TRAILER!!!", 0)
        self.file.close()


def modules(kernel, wanted):
    """(name, bytes) of the wanted ones and of those they depend on, in the order of loading. What is built in has
    no file."""
    files = {re.sub(r"\.ko(\.xz)?$", "", os.path.basename(p)).replace("-", "_"): p
             for p in glob.glob(os.path.join(kernel, "**", "*.ko*"), recursive=True)}
    order = {}

    def add(name):
        if name in order or name not in files:
            return
        with (lzma.open if files[name].endswith(".xz") else open)(files[name], "rb") as f:
            data = f.read()
        for other in re.search(rb"\0depends=([^\0]*)\0", data)[1].decode().split(","):
            add(other.replace("-", "_"))
        order[name] = data

    for name in wanted:
        add(name)
    return order


def write(path, init, tests, programs, kernel, wanted, limit):
    archive = Archive(path)
    for folder in ("proc", "sys", "dev", "tmp", "run", "var", "etc", "modules", "tests"):
        archive.folder(folder)
    archive.copy(BUSYBOX)
    archive.copy(init, "/init")
    for name, program in tests.items():
        archive.program(program, "/tests/" + name)
    for program in programs:
        archive.program(program)
    loaded = modules(kernel, wanted)
    for name, data in loaded.items():
        archive.put("/modules/" + name, data)
    archive.put("/modules/order", "\n".join(loaded).encode())
    archive.put("/limit", str(limit).encode())
    archive.put("/etc/passwd", b"root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n")
    archive.end()
