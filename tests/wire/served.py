# SPDX-License-Identifier: Apache-2.0
"""Starts rpc_echo_server for one test and stops it, whatever happens."""
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile


@contextlib.contextmanager
def server(binary, tls=False):
    """Yields (port, certificate folder or None, process)."""
    folder = tempfile.mkdtemp(prefix="plimsoll-wire.")
    command = [binary, "127.0.0.1:0"] + ([folder] if tls else [])
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        ready = process.stdout.readline().split()
        assert ready[:1] == ["ready"], f"the server did not start: {ready}"
        yield int(ready[1]), folder if tls else None, process
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0, f"the server ended with {process.returncode}"
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        shutil.rmtree(folder)
