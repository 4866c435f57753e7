#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=dash
# The first process of the guest of tests/vm/units.py, until systemd is: it brings what the initramfs holds to a file
# system of its own. Units have a view of their own of the file system, and of an initramfs the kernel makes none.
/bin/busybox --install -s /bin 2>/dev/null
mkdir /root.new
mount -t tmpfs -o mode=755 root /root.new
for path in /*; do
    [ "$path" = /root.new ] || cp -a "$path" /root.new
done
exec switch_root /root.new /lib/systemd/systemd
