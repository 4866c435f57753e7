#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""stack.py OBJECT: Linux 6.1 counts a program's stack along each chain of calls, every frame rounded up to 32 bytes, and
refuses more than 512 bytes or 8 frames (check_max_stack_depth() in kernel/bpf/verifier.c). Kernels since then are milder
about callbacks, so a program may load here and not there. Says which chain of each program of OBJECT is the deepest."""
import re
import subprocess
import sys

BYTES_MOST, FRAMES_MOST, ROUNDED = 512, 8, 32
INSTRUCTION = 8  # bytes
TEXT = ".text"  # where functions are that are no programs


class Function:
    def __init__(self, section, at, size, name):
        self.section, self.at, self.end, self.name = section, at, at + size, name
        self.bytes = 0
        self.calls = set()  # (section or name, offset in it)

    def frame(self):
        return -(-max(self.bytes, 1) // ROUNDED) * ROUNDED


def called(relocation, instruction):
    """Of a call the instruction holds where the callee begins, less one, in instructions; of a callback its address."""
    if re.search(r"\bcall\b", instruction):
        offset = (int(re.search(r"call (-?\w+)", instruction)[1], 0) + 1) * INSTRUCTION
    else:
        address = re.search(r"= (\w+) ll", instruction)
        offset = int(address[1], 0) if address else 0
    return relocation, offset


def below(before, line):
    """How far below the frame's top an instruction reaches; an address is made by two that follow each other."""
    direct = re.search(r"r10 - (\d+)", line)
    made = re.search(r"(r\d) \+= -(\d+)$", line)
    if made and not re.search(rf"\b{made[1]} = r10$", before):
        made = None
    return int(direct[1] if direct else made[2] if made else 0)


def objdump(*arguments):
    return subprocess.run(["llvm-objdump-14", *arguments], capture_output=True, text=True, check=True).stdout.splitlines()


def functions(path):
    """By their symbols: between them lies what the linker left of functions that stand in several files."""
    symbol = re.compile(r"([0-9a-f]{16}) .{7} (\S+)\t([0-9a-f]{16}) (\S+)$")
    found = [Function(m[2], int(m[1], 16), int(m[3], 16), m[4])
             for m in map(symbol.match, objdump("-t", path)) if m and " F " in m[0]]
    section, now, instruction = None, None, ""
    for line in objdump("-dr", "--no-show-raw-insn", path):
        if new := re.match(r"Disassembly of section (.*):", line):
            section = new[1]
        elif step := re.match(r"\s+(\d+):\t", line):
            at = int(step[1]) * INSTRUCTION
            now = next((f for f in found if f.section == section and f.at <= at < f.end), None)
            if now:
                now.bytes = max(now.bytes, below(instruction, line))
            instruction = line
        elif now and (to := re.search(r"R_BPF_64_(?:32|64)\s+(\S+)", line)):
            now.calls.add(called(to[1], instruction))
    return found


def deepest(function, known, above=()):
    """The chain that takes most, and all of it."""
    best = ()
    for to in function.calls:
        callee = known.get(to) if to[0] == TEXT else known.get((to[0], 0))
        if callee and callee not in above:
            chain = deepest(callee, known, above + (function,))
            best = max(best, chain, key=taken)
    return (function,) + best


def taken(chain):
    return sum(f.frame() for f in chain), len(chain)


def main(path):
    found = functions(path)
    known = {(f.section, f.at): f for f in found} | {(f.name, 0): f for f in found}
    programs = [f for f in found if f.section != TEXT]
    bad = not programs
    for program in programs:
        chain = deepest(program, known)
        size, frames = taken(chain)
        over = size > BYTES_MOST or frames > FRAMES_MOST
        bad = bad or over
        print(f"{'TOO DEEP ' if over else ''}{program.name}: {size} bytes, {frames} frames: "
              + " > ".join(f"{f.name} {f.bytes}" for f in chain))
    return bad


sys.exit(main(sys.argv[1]))
