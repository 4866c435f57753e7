# SPDX-License-Identifier: Apache-2.0
"""Acts that a process without privileges must not do, as system calls for inject.py. Those that would do harm have an
argument that no kernel takes: whoever may do them gets another error than EPERM or EACCES."""
import os
import socket
import struct

HERE = -100  # AT_FDCWD
NONE = -1    # no descriptor
BPF_MAP_CREATE, BPF_PROG_LOAD, BPF_OBJ_PIN, BPF_PROG_GET_FD_BY_ID, BPF_ENABLE_STATS = 0, 5, 6, 13, 32
BPF_MAP_LOOKUP_ELEM, BPF_MAP_GET_NEXT_KEY, BPF_OBJ_GET_INFO_BY_FD, BPF_MAP_LOOKUP_BATCH = 1, 4, 15, 24
CLONE_SIGHAND, CLONE_NEWUTS, CLONE_NEWUSER = 0x800, 0x04000000, 0x10000000
READ, EXECUTE, PRIVATE, ANONYMOUS = 1, 4, 2, 0x20
NOBODY = 1 << 22  # more than any process number
NO_PATH = b"/plimsoll-no-such-path"
BPF, OPENAT, SOCKET = 321, 257, 41


class Act:
    def __init__(self, name, number, *arguments):
        self.name, self.number, self.arguments = name, number, arguments

    def answer(self, thread):
        return thread.call(self.number, *self.arguments)


class AtPort(Act):
    """A socket is made, which it may, and bound or connected, which it may not."""

    def answer(self, thread):
        fd = thread.call(SOCKET, socket.AF_INET, socket.SOCK_STREAM, 0)
        if fd < 0:
            return 0
        to = struct.pack("=HH4s8x", socket.AF_INET, socket.htons(self.arguments[0]), b"\x7f\0\0\x01")
        answer = thread.call(self.number, fd, to, len(to))
        thread.call(3, fd)
        return answer


def acts(folder, stranger):
    """`folder` is open to everybody; `stranger` is a process of root's."""
    file = os.path.join(folder, "not-mine")
    with open(file, "w", encoding="utf-8"):
        os.chmod(file, 0o600)
    attr = bytes(128)
    map_attr = struct.pack("=IIII", 2, 4, 8, 1) + bytes(112)
    capability = 1 << 21  # CAP_SYS_ADMIN
    return [
        Act("make a BPF map", BPF, BPF_MAP_CREATE, map_attr, 128),
        Act("load a BPF program", BPF, BPF_PROG_LOAD, attr, 128),
        Act("pin a BPF object", BPF, BPF_OBJ_PIN, attr, 128),
        Act("open a program by its number", BPF, BPF_PROG_GET_FD_BY_ID, b"\xff" * 4 + bytes(124), 128),
        Act("look into a BPF map", BPF, BPF_MAP_LOOKUP_ELEM, attr, 128),
        Act("walk a BPF map's keys", BPF, BPF_MAP_GET_NEXT_KEY, attr, 128),
        Act("read a whole BPF map", BPF, BPF_MAP_LOOKUP_BATCH, attr, 128),
        Act("ask what a BPF descriptor is", BPF, BPF_OBJ_GET_INFO_BY_FD, attr, 128),
        Act("turn on run statistics", BPF, BPF_ENABLE_STATS, attr, 128),
        Act("open a perf event", 298, attr, 0, -1, NONE, 0),
        Act("execute a program", 59, NO_PATH, 0, 0),
        Act("execute a program by descriptor", 322, NONE, b"x", 0, 0, 0),
        Act("start a process", 56, CLONE_SIGHAND, 0, 0, 0, 0),
        Act("trace a process", 101, 0x4206, NOBODY, 0, 0),
        Act("signal a process", 62, stranger, 0),
        Act("signal a thread", 234, stranger, stranger, 0),
        Act("read a process's memory", 310, stranger, 0, 0, 0, 0, 0),
        Act("open a process", 434, stranger, 0),
        Act("open a process's memory", OPENAT, HERE, b"/proc/%d/mem" % stranger, os.O_RDONLY),
        Act("make a name space", 272, CLONE_NEWUTS),
        Act("make a user name space", 272, CLONE_NEWUSER | 1),
        Act("enter a name space", 308, NONE, 0),
        Act("change the root", 161, b"/"),
        Act("turn the root", 155, NO_PATH, NO_PATH),
        Act("mount", 165, b"none", NO_PATH, b"tmpfs", 0, 0),
        Act("unmount", 166, NO_PATH, 0),
        Act("become root", 117, 0, 0, 0),
        Act("join root's group", 119, 0, 0, 0),
        Act("set the groups", 116, 0, 0),
        Act("take a capability", 126, struct.pack("=II", 0x20080522, 0),
            struct.pack("=IIIIII", capability, capability, 0, 0, 0, 0)),
        Act("become dumpable", 157, 4, 1, 0, 0, 0),
        Act("be killed by another filter", 157, 22, 2, 0, 0, 0),
        Act("raise the core limit", 302, 0, 4, struct.pack("=QQ", 1, 1), 0),
        Act("limit a stranger", 302, stranger, 7, 0, 0),
        Act("read the passwords", OPENAT, HERE, b"/etc/shadow", os.O_RDONLY),
        Act("change the mode of a file of root's", 90, file.encode(), 0o600),
        Act("change the owner of a file", 92, file.encode(), 0, 0),
        Act("cut a file", 76, file.encode(), 0),
        Act("make a link", 88, NO_PATH, NO_PATH + b"/no"),
        Act("make a hard link", 86, NO_PATH, NO_PATH + b"/no"),
        Act("make a node", 133, NO_PATH + b"/no", 0o10600, 0),
        Act("write a kernel setting", OPENAT, HERE, b"/proc/sys/kernel/hostname", os.O_WRONLY),
        Act("open a packet socket", SOCKET, socket.AF_PACKET, socket.SOCK_RAW, 0),
        Act("open a netlink socket", SOCKET, socket.AF_NETLINK, socket.SOCK_RAW, 0),
        Act("open a raw socket", SOCKET, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
        Act("map executable memory", 9, 0, 4096, READ | EXECUTE, PRIVATE | ANONYMOUS, NONE, 0),
        Act("make memory executable", 10, 0, 0, READ | EXECUTE),
        Act("make a file in memory", 319, b"x", 0),
        Act("handle others' page faults", 323, 1 << 30),
        Act("set the clock", 227, 0, struct.pack("=qq", 0, -1)),
        Act("reboot", 169, 0, 0, 0, 0),
        Act("load a module", 313, NONE, b"", 0),
        Act("name the machine", 170, b"x", 1 << 20),
        Act("swap", 167, NO_PATH, 0),
        Act("account for processes", 163, NO_PATH),
        Act("open by handle", 304, NONE, attr, 0),
    ]


def acts_inside_the_cage(folder):
    """What file rights allow and only Landlock refuses: `folder` is made one that anybody may write to."""
    anybodys = os.path.join(folder, "anybodys")
    os.makedirs(anybodys, exist_ok=True)
    os.chmod(anybodys, 0o1777)
    file, new = (os.path.join(anybodys, name).encode() for name in ("file", "new"))
    for name in os.listdir(anybodys):
        os.unlink(os.path.join(anybodys, name))
    with open(file, "w", encoding="utf-8"):
        os.chmod(file, 0o666)
    return [
        Act("read a file of anybody's", OPENAT, HERE, file, os.O_RDONLY),
        Act("write a file of anybody's", OPENAT, HERE, file, os.O_WRONLY),
        Act("list a directory of anybody's", OPENAT, HERE, anybodys.encode(), os.O_RDONLY | os.O_DIRECTORY),
        Act("make a file", OPENAT, HERE, new, os.O_CREAT | os.O_WRONLY, 0o600),
        AtPort("listen on a port that is not its own", 49, 47123),
        AtPort("connect to a port that is not its own", 42, 47124),
    ]
