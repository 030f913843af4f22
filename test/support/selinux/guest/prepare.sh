# Loads the policy, and prepares what kubelet and containerd would. Runs as the node's root, before SELinux is enforced. Then the
# other scripts run in the domain that containerd's shim has in Debian's policy. They wait for this one by files in /run/containerd.
modprobe overlay
ip link set lo up
mount -t selinuxfs selinuxfs /sys/fs/selinux
load_policy -i || true
chcon -h system_u:object_r:root_t:s0 /
mkdir -p /run/containerd /run/rootfs /run/shm-pod /sys/fs/cgroup/kubepods "$VOLUMES"
restorecon -F /var /var/lib /var/lib/kubelet
restorecon -RF /dev /run /var/lib/containerd >/run/relabelled
# kubelet gives each container this file.
echo '127.0.0.1 localhost' >/confined/hosts
chcon -R system_u:object_r:container_file_t:s0 /confined

# As containerd does for a Pod with the level $2.
mount_image() {
  mkdir -p /run/rootfs/$1 $SNAPSHOTS/$1-upper $SNAPSHOTS/$1-work
  for each in proc sys dev run/key run/signer run/pairing run/freeze run/identity confined; do
    mkdir -p $SNAPSHOTS/$1-upper/$each
  done
  # Mount points. Root on the node can write to an image.
  mkdir -p $SNAPSHOTS/$1-upper/etc
  for each in hosts passwd; do echo probe >$SNAPSHOTS/$1-upper/etc/$each; done
  restorecon -RF $SNAPSHOTS/$1-upper $SNAPSHOTS/$1-work >/run/relabelled
  layers=lowerdir=$SNAPSHOTS/$3,upperdir=$SNAPSHOTS/$1-upper,workdir=$SNAPSHOTS/$1-work
  mount -t overlay -o "context=\"system_u:object_r:container_file_t:$2\",$layers" overlay /run/rootfs/$1
}
mount_image frontend $LEVEL frontend
mount_image signer $LEVEL signer
mount_image other s0:c1,c2 frontend
mount -t tmpfs -o "mode=1777,rootcontext=\"system_u:object_r:container_file_t:$LEVEL\"" shm /run/shm-pod

# Fills volume $1 as kubelet does, in generation $2, from the folder $3.
fill() {
  mkdir $VOLUMES/$1/..$2
  cp $3/* $VOLUMES/$1/..$2/
  for each in $3/*; do ln -sfn ..data/${each##*/} $VOLUMES/$1/${each##*/}; done
  ln -s ..$2 $VOLUMES/$1/..data_tmp
  mv -T $VOLUMES/$1/..data_tmp $VOLUMES/$1/..data
}
for each in signer-socket pairing hmac-key signer-freeze caller-token; do
  mkdir -p $VOLUMES/$each
  mount -t tmpfs -o mode=777 tmpfs $VOLUMES/$each
done
fill hmac-key 1 /confined/key
fill caller-token 1 /confined/token
chcon -hR system_u:object_r:container_file_t:$LEVEL $VOLUMES/*

in_runtime() { runcon system_u:system_r:dockerd_t:s0 sh -u /confined/$1.sh; }
in_runtime services &
services=$!
reached() { until [ -e /run/containerd/$1 ]; do kill -0 $services 2>/dev/null || return 0; sleep 0.2; done; }
reached waiting
setenforce 1
echo "$(getenforce)"
tail -n +1 -f /run/containerd/log &
# Its output is a pipe that must close at the end.
trap "kill $!" EXIT
touch /run/containerd/enforced
reached wants-key
fill hmac-key 2 /confined/changed-key
touch /run/containerd/has-key
wait $services || { sleep 1; exit 1; }
# Without enforcement, the same attempts must succeed.
setenforce 0
in_runtime controls
sleep 1
