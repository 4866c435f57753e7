# SPDX-License-Identifier: Apache-2.0
"""System calls put into a thread of another process, which root can do to any (ptrace, x86-64 only): what the kernel
answers is what that thread may do. Its registers and memory are put back."""
import ctypes
import os
import platform
import signal

ATTACH, LET_GO, STOP = 0x4206, 17, 0x4207  # PTRACE_SEIZE, _DETACH, _INTERRUPT
GET, SET, STEP = 12, 13, 9  # PTRACE_GETREGS, _SETREGS, _SINGLESTEP
REGISTERS = ("r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base "
             "gs_base ds es fs gs").split()
RED_ZONE = 128  # bytes below the stack pointer that belong to the interrupted function
SCRATCH = 4096
SYSCALL = b"\x0f\x05"
ALL_CHILDREN = 0x40000000  # __WALL: threads, too

possible = platform.machine() == "x86_64"
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


class Registers(ctypes.Structure):
    _fields_ = [(name, ctypes.c_ulong) for name in REGISTERS]


def ptrace(request, thread, data=None):
    if libc.ptrace(request, thread, None, data) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def syscall_instruction(pid):
    """The address of one, in whatever the process executes."""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            span, rights = line.split()[:2]
            begin, end = (int(x, 16) for x in span.split("-"))
            if "x" not in rights or "[vsyscall]" in line:
                continue
            memory.seek(begin)
            at = memory.read(end - begin).find(SYSCALL)
            if at >= 0:
                return begin + at
    raise AssertionError(f"process {pid} makes no system calls")


class Thread:
    """Stopped as long as the `with` lasts."""

    def __init__(self, pid, thread):
        self.pid, self.thread, self.saved = pid, thread, Registers()

    def __enter__(self):
        ptrace(ATTACH, self.thread)
        ptrace(STOP, self.thread)
        self.stopped()
        ptrace(GET, self.thread, ctypes.byref(self.saved))
        self.instruction = syscall_instruction(self.pid)
        self.scratch = (self.saved.rsp - RED_ZONE - SCRATCH) & ~0xf
        self.memory = os.open(f"/proc/{self.pid}/mem", os.O_RDWR)
        self.below = os.pread(self.memory, SCRATCH, self.scratch)
        return self

    def __exit__(self, *_):
        os.pwrite(self.memory, self.below, self.scratch)
        os.close(self.memory)
        ptrace(SET, self.thread, ctypes.byref(self.saved))
        ptrace(LET_GO, self.thread)

    def stopped(self):
        _, status = os.waitpid(self.thread, ALL_CHILDREN)
        assert os.WIFSTOPPED(status) and os.WSTOPSIG(status) == signal.SIGTRAP, hex(status)

    def place(self, arguments):
        """Bytes go into memory, and their addresses take their places."""
        at = self.scratch
        for value in arguments:
            if isinstance(value, bytes):
                os.pwrite(self.memory, value + b"\0", at)
                yield at
                at += (len(value) + 16) & ~0xf
            else:
                yield value & (1 << 64) - 1

    def call(self, number, *arguments):
        """What the kernel returns: negative errno when it refuses."""
        regs = Registers.from_buffer_copy(self.saved)
        regs.rax, regs.orig_rax, regs.rip = number, (1 << 64) - 1, self.instruction  # -1: nothing to start again
        for name, value in zip(("rdi", "rsi", "rdx", "r10", "r8", "r9"), self.place(arguments)):
            setattr(regs, name, value)
        ptrace(SET, self.thread, ctypes.byref(regs))
        ptrace(STEP, self.thread)
        self.stopped()
        ptrace(GET, self.thread, ctypes.byref(regs))
        return ctypes.c_long(regs.rax).value
