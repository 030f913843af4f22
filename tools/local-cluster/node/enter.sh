#!/bin/sh
# The first process of the node's namespaces. It changes to the node's root file system, and starts init.ts. All mounts end
# with this mount namespace. Arguments: state, cache, checkout, root, then those of init.ts.
set -eu
state=$1 cache=$2 source=$3 root=$4
shift 4

mount --make-rprivate /
mount -t tmpfs -o mode=0755 node "$state/mnt"
# Relative paths, because the machine's paths may contain characters with a meaning in mount options.
cd "$state/mnt"
mkdir lower upper work merged
mount --bind "$root" lower
mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work node merged
cd merged

mkdir -p node/state node/cache node/source old-root etc/cni/net.d opt/cni/bin var/lib/kubelet var/log/pods
mount --bind "$state" node/state
mount --bind "$cache" node/cache
mount --bind -o ro "$source" node/source
# These survive a restart. Istio's plugin is chained into the network configuration, so a Pod that starts before the plugin's
# agent waits for it and does not run without it.
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
# Pods may ask Kubernetes to propagate mounts.
mount --make-rshared /
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
# Containers inherit the number of files that they may open. Most shells set 1,024, and containerd's own service does not.
ulimit -S -n "$(ulimit -H -n)"
# catatonit reaps orphaned processes, and forwards signals.
exec catatonit -- /node/source/node_modules/.bin/node /node/source/tools/local-cluster/node/init.ts "$@"
