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
trap 'exit 143' TERM

uname -r
stat -f -c %T /sys/fs/cgroup
uptime
make up
uptime
make smoke
make matrix
uptime
signer=$(pgrep -f signer | tail -1)
cat "/proc/$signer/cgroup" "/proc/$signer/limits"
make cluster-status
make cluster-delete
