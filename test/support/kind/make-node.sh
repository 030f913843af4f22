#!/bin/bash
# Makes the file system of kind's nodes, as images/base/Dockerfile and pkg/build/nodeimage of kind do. Arguments: Debian's root,
# kind's files, a folder with manifests and images, the folders of Kubernetes and of kubeadm, the version, the archive to write.
set -euo pipefail
debian=$1 files=$2 extra=$3 kubernetes=$4 kubeadm=$5 version=$6 archive=$7

mount --make-rprivate /
mount -t tmpfs -o size=4G tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o "lowerdir=$debian,upperdir=/mnt/upper,workdir=/mnt/work" node /mnt/root
cd /mnt/root
inside() { PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin chroot . "$@"; }

cp -r --no-preserve=mode,ownership "$files/." .
chmod 755 usr/local/bin/* kind/bin/*
units=lib/systemd/system
rm -f $units/sysinit.target.wants/systemd-tmpfiles-setup.service $units/{multi-user,local-fs,basic}.target.wants/*
rm -f etc/systemd/system/*.wants/* $units/sockets.target.wants/*{udev,initctl}*
echo ReadKMsg=no >>etc/systemd/journald.conf
ln -sf /usr/lib/systemd/systemd sbin/init
inside systemctl enable --quiet kubelet.service containerd.service undo-mount-hacks.service
inside systemctl mask --quiet systemd-binfmt.service

for program in containerd ctr containerd-shim-runc-v2; do ln -s "/usr/bin/$program" usr/local/bin/; done
install -D -t opt/cni/bin usr/lib/cni/{host-local,loopback,ptp,portmap}
install -t usr/bin "$kubernetes/kubelet" "$kubernetes/kubectl" "$kubeadm/kubeadm"
install -t usr/local/bin "$kubeadm/crictl"
mount -t proc proc proc
inside ctr oci spec |
  inside jq '.hooks.createContainer = [{path: "/kind/bin/mount-product-files.sh"}] | del(.process.rlimits)' >etc/containerd/cri-base.json

echo "$version" >kind/version
mkdir -p etc/kubernetes/manifests etc/cni/net.d kind/manifests
cp "$extra/manifests/default-cni.yaml" kind/manifests/
# The class without its provisioner, which is an image of kind's own.
cat >kind/manifests/default-storage.yaml <<'END'
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: standard, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
provisioner: rancher.io/local-path
volumeBindingMode: WaitForFirstConsumer
END
# What kindnetd writes on a node with the first range of kind's Pod addresses.
cat >etc/cni/net.d/10-kindnet.conflist <<'END'
{"cniVersion": "0.3.1", "name": "kindnet", "plugins": [
  {"type": "ptp", "ipMasq": false, "mtu": 1500, "ipam": {"type": "host-local", "dataDir": "/run/cni-ipam-state",
    "routes": [{"dst": "0.0.0.0/0"}], "ranges": [[{"subnet": "10.244.0.0/24"}]]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
END

mount -t tmpfs tmpfs run
mkdir -p run/images
mount --bind "$extra/images" run/images
chroot . /usr/bin/containerd --log-level error &
until [ -S run/containerd/containerd.sock ]; do sleep 0.1; done
for image in run/images/*; do
  inside ctr --namespace k8s.io images import --all-platforms --no-unpack --digests "/$image"
done
kill $!
wait $! || true
umount -l run proc
tar --numeric-owner -cf "$archive" .
