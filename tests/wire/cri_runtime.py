# SPDX-License-Identifier: Apache-2.0
"""A containerd of a script's own, with runc, that runs CRI pods: in mount and PID namespaces of its own, so that
all it mounts and runs ends with their first process. No registry, no CNI: one image of busybox is imported, and
pods have the host's network."""
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from loads import PATIENCE, remove, until

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = os.path.join(HERE, "..", "..", "build", "peers")
PATH = ":".join(os.path.join(PEERS, d) for d in ("usr/bin", "usr/sbin", "bin")) + ":" + os.environ["PATH"]
IMAGE = "localhost/box:1"
CONFIG = """
version = 2
root = "{dir}/root"
state = "{dir}/state"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
    "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
[grpc]
  address = "{dir}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{image}"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{dir}/none"
    conf_dir = "{dir}/none"
"""


def program(name):
    """Where dev unpacks it, or where it is installed; a machine without it cannot run the test."""
    found = shutil.which(name, path=PATH)
    if not found:
        print(f"SKIP: {name} is neither in build/peers (./dev test unpacks it there) nor installed")
        sys.exit(77)
    return found


class Messages:
    """Classes of cri.proto, by its compiler."""

    def __init__(self):
        protoc = subprocess.run(["protoc", "-I", HERE, "--descriptor_set_out=/dev/stdout", "cri.proto"],
                                stdout=subprocess.PIPE, check=True)
        pool = descriptor_pool.DescriptorPool()
        for file in descriptor_pb2.FileDescriptorSet.FromString(protoc.stdout).file:
            pool.Add(file)
        self.pool, self.factory = pool, message_factory.MessageFactory(pool)

    def __getattr__(self, name):
        return self.factory.GetPrototype(self.pool.FindMessageTypeByName("runtime.v1." + name))


def tar_of(files):
    """Bytes of an archive: name → content, or the target of a link as a list of one."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.mode = 0o755
            if isinstance(content, list):
                entry.type, entry.linkname = tarfile.SYMTYPE, content[0]
                content = b""
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def image():
    """An OCI image of busybox, whose containers sleep unless told otherwise, as an archive."""
    with open(program("busybox"), "rb") as f:
        layer = tar_of({"bin/busybox": f.read(), "bin/sh": ["busybox"]})
    blobs = {}

    def blob(data, kind):
        digest = hashlib.sha256(data).hexdigest()
        blobs["blobs/sha256/" + digest] = data
        return {"mediaType": "application/vnd.oci.image." + kind, "digest": "sha256:" + digest, "size": len(data)}

    layers = [blob(layer, "layer.v1.tar")]
    config = {"architecture": "amd64" if os.uname().machine == "x86_64" else "arm64", "os": "linux",
              "config": {"Entrypoint": ["/bin/busybox", "sleep", "1000000"]},
              "rootfs": {"type": "layers", "diff_ids": [layers[0]["digest"]]}}
    manifest = {"schemaVersion": 2, "config": blob(json.dumps(config).encode(), "config.v1+json"), "layers": layers}
    entry = blob(json.dumps(manifest).encode(), "manifest.v1+json")
    entry["annotations"] = {"io.containerd.image.name": IMAGE}
    return tar_of({"oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
                   "index.json": json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode(), **blobs})


class Cell:
    """A shell in mount and PID namespaces of its own, with a /run of its own: a daemon is started there, and all that
    it mounts and runs ends with the shell. `cgroup` is the top of all it makes; `folder` holds its files."""

    def __init__(self, folder, cgroup, log):
        self.folder, self.cgroup = folder, cgroup
        self.log = open(os.path.join(folder, log), "w+", encoding="utf-8")
        self.init = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c",
             "mount -t tmpfs none /run && echo ready && exec sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.log, text=True, env={**os.environ, "PATH": PATH})
        if self.init.stdout.readline() != "ready\n":
            self.end()
            raise AssertionError("no namespaces")

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def tell(self, words):
        self.init.stdin.write(words + "\n")
        self.init.stdin.flush()

    def start_daemon(self, command, socket):
        self.tell(f"rm -f {socket}; {command} </dev/null >/dev/null 2>>{self.log.name} & echo")
        self.init.stdout.readline()
        until(f"the socket of {command.split()[0]}", lambda: os.path.exists(socket))

    def stop_daemon(self, signum=9):
        """Only itself: its containers go on."""
        self.tell(f"kill -{int(signum)} $!; wait $!; echo")
        self.init.stdout.readline()

    def end(self):
        """Everything at once: what runs in its namespaces ends with the first process there."""
        if self.init.poll() is None:
            self.init.send_signal(signal.SIGKILL)  # --kill-child
        self.init.wait(timeout=PATIENCE)
        self.log.close()
        for root in cgroup_roots():
            for path, _, _ in os.walk(root + self.cgroup, topdown=False):
                until(f"an empty {path}", lambda where=path: remove(where))


class Containerd(Cell):
    """With its socket in `folder`."""

    def __init__(self, folder, cgroup):
        self.socket = os.path.join(folder, "containerd.sock")
        self.new = Messages()
        with open(os.path.join(folder, "config.toml"), "w", encoding="utf-8") as f:
            f.write(CONFIG.format(dir=folder, image=IMAGE))
        binary, self.ctr = program("containerd"), program("ctr")
        program("runc")
        # Shims have their sockets in /run/containerd: this one is theirs alone.
        self.command = f"{binary} --config {folder}/config.toml"
        super().__init__(folder, cgroup, "containerd.log")
        try:
            self.start()
            self.take_image()
        except BaseException:
            self.end()
            raise

    def start(self):
        self.start_daemon(self.command, self.socket)
        self.channel = grpc.insecure_channel(f"unix:{self.socket}")
        until("containerd serves", lambda: self.call("Version", self.new.VersionRequest(), self.new.VersionResponse))

    def stop(self):
        self.channel.close()
        self.stop_daemon()

    def take_image(self):
        archive = os.path.join(self.folder, "image.tar")
        with open(archive, "wb") as f:
            f.write(image())
        subprocess.run([self.ctr, "--address", self.socket, "--namespace", "k8s.io", "images", "import", archive],
                       check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE)

    def call(self, name, request, answer=None, timeout=PATIENCE):
        answer = answer or self.new.Nothing
        return self.channel.unary_unary(f"/runtime.v1.RuntimeService/{name}",
                                        request_serializer=request.__class__.SerializeToString,
                                        response_deserializer=answer.FromString)(request, timeout=timeout)

    def pod(self, namespace, name, uid):
        new = self.new
        hosts = new.NamespaceOption(network=2, pid=1)
        config = new.PodConfig(metadata=new.PodMetadata(name=name, uid=uid, namespace=namespace),
                               linux=new.LinuxSandbox(cgroup_parent=f"{self.cgroup}/kubepods/burstable/pod{uid}",
                                                      security_context=new.SandboxSecurity(namespace_options=hosts)))
        request = new.RunPodSandboxRequest(config=config)
        answer = until("the image is known", lambda: self.call("RunPodSandbox", request, new.RunPodSandboxResponse))
        return Pod(self, answer.pod_sandbox_id, config)


class Pod:
    def __init__(self, runtime, sandbox, config):
        self.runtime, self.sandbox, self.config, self.new = runtime, sandbox, config, runtime.new
        self.parent = config.linux.cgroup_parent

    def cgroup(self, container):
        return f"{self.parent}/{container}"

    def run(self, name, *command, quota=0, shares=2, attempt=0):
        """A container; quota is in microseconds of each 100 ms, shares and attempt are what a kubelet makes them.
        Returns its id."""
        new = self.new
        linux = new.LinuxContainer(
            resources=new.Resources(cpu_period=100000, cpu_quota=quota, cpu_shares=shares, memory_limit_in_bytes=64 << 20),
            security_context=new.ContainerSecurity(namespace_options=new.NamespaceOption(network=2, pid=1)))
        config = new.ContainerConfig(metadata=new.ContainerMetadata(name=name, attempt=attempt), image=new.ImageSpec(image=IMAGE),
                                     command=command, linux=linux)
        request = new.CreateContainerRequest(pod_sandbox_id=self.sandbox, config=config, sandbox_config=self.config)
        made = self.runtime.call("CreateContainer", request, new.CreateContainerResponse).container_id
        self.runtime.call("StartContainer", new.ContainerRequest(container_id=made))
        return made

    def remove(self, container):
        for verb in "StopContainer", "RemoveContainer":
            self.runtime.call(verb, self.new.ContainerRequest(container_id=container))

    def end(self):
        for verb in "StopPodSandbox", "RemovePodSandbox":
            self.runtime.call(verb, self.new.PodRequest(pod_sandbox_id=self.sandbox))


def cgroup_roots():
    """Of every hierarchy: runc makes its cgroups in all of them."""
    roots = []
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        for line in mounts:
            fields = line.split()
            if fields[fields.index("-") + 1] in ("cgroup", "cgroup2"):
                roots.append(fields[4])
    return roots


def cpu_ns(cgroup):
    """What the kernel says the cgroup has used, in whichever hierarchy counts it."""
    for root in cgroup_roots():
        path = f"{root}{cgroup}/cpuacct.usage"
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                return int(f.read())
    for root in cgroup_roots():
        path = f"{root}{cgroup}/cpu.stat"
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                return int(dict(line.split() for line in f)["usage_usec"]) * 1000
    raise AssertionError(f"no CPU time of {cgroup}")
