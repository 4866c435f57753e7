#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=dash
# The first and only process of a guest of tests/vm: a machine with a pure cgroup v2 tree, on which /tests run
# one after another. Lines that begin with "vm:" are for tests/vm/vm.py.
export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /tmp /run /var
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t cgroup2 -o nsdelegate cgroup /sys/fs/cgroup
# shellcheck disable=SC2013 # names without spaces
for module in $(cat /modules/order); do
    insmod "/modules/$module" || echo "vm: no module $module"
done
mount -t ext4 /dev/vda /tmp || echo "vm: no disk" # a file of a tmpfs is memory, and reads no disk
ln -s /tmp /var/tmp
echo 1 >/proc/sys/kernel/sched_schedstats 2>/dev/null
echo 1 >/proc/sys/kernel/task_delayacct
for controller in cpu memory io; do
    echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
done
ip link set lo up
echo "vm: kernel $(uname -r)"
cd /tmp || exit
run() {
    echo "vm: begin ${1##*/}"
    timeout -s KILL "$(cat /limit)" "$1" </dev/null 2>&1
    status=$?
    echo "vm: end ${1##*/} $status"
}
for test in /tests/*; do
    run "$test"
    case $status in
    0 | 77) ;;
    *) run "$test" ;; # once more, as ./dev test does: to boot for that takes ten times as long
    esac
done
echo "vm: done"
poweroff -f
