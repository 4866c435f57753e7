# SPDX-License-Identifier: Apache-2.0
"""A terminal for tests of what people see."""
import itertools
import os
import re
import subprocess
import time

from loads import until


class Terminal:
    """A shell in tmux, 120 columns wide. `path`: a folder for its sockets."""
    servers = itertools.count()  # each has a socket of its own: the server before may still be on its way out

    def __init__(self, path):
        sock = os.path.join(path, f"tmux.{next(self.servers)}.sock")
        self.tmux = ["tmux", "-S", sock, "-u", "-f", "/dev/null"]
        subprocess.run([*self.tmux, "new-session", "-d", "-x", "120", "-y", "30", "env", "-i", "TERM=screen-256color",
                        "PATH=" + os.environ["PATH"], "PS1=ready ", "LANG=C.UTF-8", "sh"], check=True)
        self.sees("ready")

    def keys(self, *keys):
        subprocess.run([*self.tmux, "send-keys", *keys], check=True)

    def screen(self):
        return subprocess.run([*self.tmux, "capture-pane", "-p"], check=True, capture_output=True,
                              text=True).stdout

    def sees(self, *patterns):
        try:
            return until(patterns, lambda: (lambda s: all(re.search(p, s) for p in patterns) and s)(self.screen()))
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.screen()}") from None

    def selects(self, name):
        """Whatever other workloads this machine has just now."""
        def there():
            if re.search("▸ " + name, self.screen()):
                return True
            self.keys("Down")
            return time.sleep(0.5)  # until it shows
        until("▸ " + name, there)

    def resize(self, columns, rows):
        subprocess.run([*self.tmux, "resize-window", "-x", str(columns), "-y", str(rows)], check=True)

    def close(self):
        subprocess.run([*self.tmux, "kill-server"], check=False)
