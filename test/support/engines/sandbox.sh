#!/bin/sh
# The first process of the sandbox's namespaces. It changes to the root file system, whose changes stay in memory. All mounts,
# networks and rules of a firewall end with these namespaces. Arguments: root file system, writable folder, readable folders.
set -eu
root=$1 folder=$2
shift 2
mount --make-rprivate /
mount -t tmpfs -o mode=0755 sandbox /mnt
cd /mnt
mkdir lower upper work merged
mount --bind "$root" lower
mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work sandbox merged
cd merged
mount --rbind /dev dev
mount -t proc proc proc
mount -t sysfs sys sys
mount -t cgroup2 cgroup sys/fs/cgroup
mount -t tmpfs -o mode=0755 run run
mount -t tmpfs -o mode=1777 tmp tmp
# Other users than root may pass the parents of these folders, for example /root.
for each in "$folder" "$@"; do
  mkdir -p ".$each"
  parent=$each
  while parent=$(dirname "$parent") && [ "$parent" != / ]; do chmod a+rx ".$parent"; done
done
mount --bind "$folder" ".$folder"
for each in "$@"; do mount --bind -o ro "$each" ".$each"; done
# Engines store layers as overlays, which cannot be in an overlay.
for each in lib/docker lib/containers; do
  mkdir -p "var/$each" "$folder/var/$each"
  mount --bind "$folder/var/$each" "var/$each"
done
mkdir old-root
pivot_root . old-root
cd /
umount -l /old-root
rmdir /old-root
mount --make-rshared /
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
ip link set lo up
touch "$folder/ready"
# Reaps the processes that engines leave.
exec docker-init -- sleep infinity
