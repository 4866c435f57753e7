# SPDX-License-Identifier: Apache-2.0
"""bolt_responder.py PORT MAJOR MINOR: answers Bolt as Neo4j would, at one version (5 8: after a manifest of it), for the
tests: RETURN n gives n records, SLEEP ms gives one after that, FAIL class fails."""
import socketserver
import struct
import sys
import time

HELLO, GOODBYE, RESET, RUN, BEGIN, COMMIT, ROLLBACK, DISCARD, PULL = 1, 2, 0xf, 0x10, 0x11, 0x12, 0x13, 0x2f, 0x3f
SUCCESS, RECORD, IGNORED, FAILURE = 0x70, 0x71, 0x7e, 0x7f
MANIFEST = b"\0\0\1\xff"


def pack(value):
    """PackStream, as far as it is needed here."""
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return b"\xcb" + struct.pack("!q", value)
    if isinstance(value, str):
        text = value.encode()
        return b"\xd0" + bytes([len(text)]) + text
    if isinstance(value, list):
        return bytes([0x90 + len(value)]) + b"".join(map(pack, value))
    return bytes([0xa0 + len(value)]) + b"".join(pack(k) + pack(v) for k, v in value.items())


def text_of(data):
    """The string at the beginning."""
    size, at = (data[0] & 0xf, 1) if data[0] >> 4 == 8 else (data[1], 2)
    return data[at:at + size].decode()


class Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def message(self):
        """The signature and what follows it."""
        data = b""
        while True:
            size, = struct.unpack("!H", self.rfile.read(2))
            if size:
                data += self.rfile.read(size)
            elif data:
                return data[1], data[2:]

    def say(self, signature, *fields):
        data = bytes([0xb0 + len(fields), signature]) + b"".join(map(pack, fields))
        self.wfile.write(struct.pack("!H", len(data)) + data + b"\0\0")

    def shake_hands(self):
        major, minor = map(int, sys.argv[2:4])
        version = bytes([0, 0, minor, major])
        offer = self.rfile.read(20)
        if MANIFEST in offer and (major, minor) >= (5, 7):
            self.wfile.write(MANIFEST + b"\1" + version + b"\0")
            assert self.rfile.read(5)[:4] == version
        else:
            self.wfile.write(version)

    def query(self, text):
        """How many records it has, or None: it failed."""
        what, how = text.split()
        if what == "FAIL":
            self.say(FAILURE, {"code": f"Neo.{how}.General.Test", "message": "as asked", "neo4j_code": f"Neo.{how}.General.Test",
                               "gql_status": "50N42", "description": "as asked"})
            return None
        if what == "SLEEP":
            time.sleep(int(how) / 1000)
        self.say(SUCCESS, {"fields": ["n"], "t_first": 0})
        return int(how) if what == "RETURN" else 1

    def fetch(self, left):
        for i in range(min(left, 1000)):
            self.say(RECORD, [i])
        left = max(left - 1000, 0)
        self.say(SUCCESS, {"has_more": left > 0} if left else {"type": "r", "t_last": 0, "db": "neo4j"})
        return left

    def handle(self):
        self.shake_hands()
        left, failed = 0, False
        while True:
            signature, rest = self.message()
            if signature == GOODBYE:
                return
            if signature == RESET:
                failed = False
            if failed:
                self.say(IGNORED)
            elif signature == RUN:
                left = self.query(text_of(rest))
                failed = left is None
            elif signature in (PULL, DISCARD):
                left = self.fetch(left)
            else:
                self.say(SUCCESS, {"server": "Neo4j/5.26.0", "connection_id": "bolt-1"} if signature == HELLO else {})
            self.wfile.flush()


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


if __name__ == "__main__":
    Server(("127.0.0.1", int(sys.argv[1])), Connection).serve_forever()
