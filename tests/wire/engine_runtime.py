# SPDX-License-Identifier: Apache-2.0
"""A dockerd and a Podman of a script's own, each in a Cell. Both are asked by Docker's own command line, over their
sockets. No registry, no network: the image is imported."""
import os
import subprocess

from cri_runtime import PATH, PEERS, Cell, program, tar_of
from loads import PATIENCE, until

LIBRARIES = ":".join(os.path.join(PEERS, d, f"{os.uname().machine}-linux-gnu") for d in ("usr/lib", "lib"))
CONTAINERS = """
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
conmon_path = ["{conmon}"]
[engine.runtimes]
runc = ["{runc}"]
[containers]
apparmor_profile = "unconfined"
cgroups = "no-conmon"
log_driver = "k8s-file"
"""


class Engine(Cell):
    def __init__(self, folder, cgroup, command, socket):
        self.command, self.socket, self.docker = command, socket, program("docker")
        super().__init__(folder, cgroup, os.path.basename(command.split()[0]) + ".log")
        try:
            self.start()
            self.ask("import", "-", "localhost/box:1", stdin=tar_of(box()))
        except BaseException:
            self.end()
            raise

    def start(self):
        self.start_daemon(self.command, self.socket)
        os.chmod(self.socket, 0o660)  # as their systemd units make them
        try:
            until("an engine that serves", self.answers)
        except AssertionError as e:
            raise AssertionError(f"{e}; it said:\n{self.said()}") from e

    def answers(self):
        return subprocess.run([self.docker, "-H", "unix://" + self.socket, "ps"], capture_output=True, timeout=PATIENCE,
                              check=False).returncode == 0

    def ask(self, *words, stdin=b""):
        return subprocess.run([self.docker, "-H", "unix://" + self.socket, *words], input=stdin, timeout=PATIENCE,
                              stdout=subprocess.PIPE, check=True).stdout.decode().strip()

    def run(self, name, *options, command=("sleep", "1000000")):
        """Its id. The command is one of busybox."""
        return self.ask("run", "-d", "--name", name, "--network", "none", "--cgroup-parent", self.cgroup, *options,
                        "localhost/box:1", "/bin/busybox", *command)


def box():
    with open(program("busybox"), "rb") as f:
        return {"bin/busybox": f.read(), "bin/sh": ["busybox"]}


class Docker(Engine):
    def __init__(self, folder, cgroup):
        for needed in "containerd", "runc":
            program(needed)
        socket = os.path.join(folder, "docker.sock")
        super().__init__(folder, cgroup,
                         f"{program('dockerd')} --data-root {folder}/root --exec-root {folder}/exec -H unix://{socket} "
                         f"--pidfile {folder}/pid --bridge=none --iptables=false --ip6tables=false --ip-forward=false "
                         "--ip-masq=false --storage-driver vfs --live-restore", socket)


class Podman(Engine):
    """Its socket is in a directory that only root may enter, as it is in /run/podman."""

    def __init__(self, folder, cgroup):
        house, home = os.path.join(folder, "podman"), os.path.join(folder, "home")
        config = os.path.join(folder, "containers.conf")
        os.makedirs(os.path.join(home, ".config", "containers"))
        os.mkdir(house, 0o700)
        with open(config, "w", encoding="utf-8") as f:
            f.write(CONTAINERS.format(conmon=program("conmon"), runc=program("runc")))
        with open(os.path.join(home, ".config", "containers", "policy.json"), "w", encoding="utf-8") as f:
            f.write('{"default": [{"type": "insecureAcceptAnything"}]}')
        super().__init__(folder, cgroup,
                         f"env HOME={home} CONTAINERS_CONF={config} LD_LIBRARY_PATH={LIBRARIES} {program('podman')} "
                         f"--root {folder}/store --runroot {folder}/run --storage-driver vfs --tmpdir {folder}/tmp "
                         f"--network-config-dir {folder}/net system service --time 0 unix://{house}/podman.sock",
                         os.path.join(house, "podman.sock"))
