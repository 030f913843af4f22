#!/bin/sh
# The first process of the machine's namespaces. It changes to the machine's root file system, and starts Docker. Everything ends
# with it, and it ends with its standard input. Arguments: state, cache, checkout, root, name of the cgroup.
set -eu
state=$1 cache=$2 checkout=$3 root=$4 cgroup=$5

mount --make-rprivate /
mount -t tmpfs -o mode=0755 machine "$state/mnt"
cd "$state/mnt"
mkdir lower upper work merged checkout checkout-upper checkout-work
mount --bind "$root" lower
mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work machine merged
mount -t tmpfs tmp merged/tmp
# The checkout has its usual path. What make writes to it is gone afterwards, and the local cluster's state is not seen.
mount --bind "$checkout" checkout
mkdir -p "merged$cache" "merged$checkout" merged/var/lib/docker merged/kind merged/old-root
mount -t overlay -o lowerdir=checkout,upperdir=checkout-upper,workdir=checkout-work machine "merged$checkout"
mount -t tmpfs state "merged$checkout/.cluster"
cd merged
mount --bind -o ro "$cache" ".$cache"
mount --bind "$state/docker" var/lib/docker
mount --bind "$state/kind" kind
mount --rbind /dev dev
mount -t sysfs sysfs sys
mount --rbind /sys/fs/cgroup sys/fs/cgroup
mount -t proc proc proc
mount -t tmpfs -o mode=0755 run run
hostname machine
echo '127.0.0.1 localhost machine' >etc/hosts
: >etc/resolv.conf

pivot_root . old-root
cd /
umount -l /old-root
rmdir /old-root
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
ip link set lo up
# The machine has no network but its own, so nothing is pulled.
dockerd --log-level warn --cgroup-parent "/$cgroup" >/kind/dockerd.log 2>&1 &
cat >/dev/null
