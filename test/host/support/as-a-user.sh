# Runs in the clone as root, in sh -eu, on the guest. It types what the README says, and shows logs if a command fails.
export PATH=/usr/local/go/bin:$PATH
ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
touch node_modules # npm ci has no registry here
show() {
  for log in .cluster/log/*.log; do
    echo "=== $log"
    tail -n 60 "$log"
  done
  .cluster/bin/kubectl --kubeconfig .cluster/kubeconfig get pods,events -A -o wide || true
}
trap '[ $? = 0 ] || show' EXIT

echo "host: $(. /etc/os-release && echo "$PRETTY_NAME"), $(ps -p 1 -o comm=), $(stat -f -c %T /sys/fs/cgroup), kernel $(uname -r)"
make up
make smoke
make matrix
signer=$(pgrep -o -u 10002)
cgroup=$(cut -d: -f3- "/proc/$signer/cgroup")
echo "signer: cgroup $cgroup, memory.max $(cat "/sys/fs/cgroup$cgroup/memory.max")"
make cluster-delete
echo "left: $(find /sys/fs/cgroup -maxdepth 1 -name 'secure-signing-*' | wc -l) cgroups"
