#!/bin/sh
# First process of the node's namespaces: changes into a root file system of the node's own, then starts init.ts.
# Every mount is made in this mount namespace and is gone with it. Arguments: state, cache, checkout, root, then init.ts's.
set -eu
state=$1 cache=$2 source=$3 root=$4
shift 4

mount --make-rprivate /
mount -t tmpfs -o mode=0755 node "$state/mnt"
# Relative paths, so that no character of the machine's paths can be taken for one of the options.
cd "$state/mnt"
mkdir lower upper work merged
mount --bind "$root" lower
mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work node merged
cd merged

mkdir -p node/state node/cache node/source old-root etc/cni/net.d opt/cni/bin var/lib/kubelet var/log/pods
mount --bind "$state" node/state
mount --bind "$cache" node/cache
mount --bind -o ro "$source" node/source
# Survive a restart. The network configuration among them: Istio's plugin is chained into it, and a Pod that starts
# before the plugin's agent must wait for it, not run without.
mount --bind "$state/cni/net.d" etc/cni/net.d
mount --bind "$state/cni/bin" opt/cni/bin
mount --bind "$state/kubelet" var/lib/kubelet
mount --bind "$state/log/pods" var/log/pods
mount --rbind /dev dev
mount --rbind /sys sys
mount -t proc proc proc
mount -t tmpfs -o mode=0755 run run
mount -t tmpfs tmp tmp

pivot_root . old-root
cd /
umount -l /old-root
rmdir /old-root
# Kubernetes lets Pods ask for mounts to be propagated.
mount --make-rshared /
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
# Reaps what is left behind, and passes signals on.
exec catatonit -- /node/source/node_modules/.bin/node /node/source/tools/local-cluster/node/init.ts "$@"
