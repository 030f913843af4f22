# Runs both services, the proxy and the probes.
. /confined/runtime.sh
cp -r /confined/bundles /run/containerd/
touch /run/containerd/waiting
await test -e /run/containerd/enforced
say 'first answer'
start signer
start frontend
start istio-proxy
await logged istio-proxy '^answer 1 '
logged istio-proxy '^answer 1 '
say 'state'
for each in signer frontend istio-proxy; do runc state $each | grep '"status"'; done
for each in signer frontend; do tr -d '\0' </proc/$(cat /run/containerd/$each.pid)/attr/current; echo; done
say 'exec'
runc exec frontend /nodejs/bin/node -e \
  'net.createServer().listen(9000).on("error", (e) => console.log(e.code)).on("listening", () => process.exit())' \
  </dev/null 2>&1 | cat
say 'changed key'
touch /run/containerd/wants-key
await test -e /run/containerd/has-key
await logged signer 'keys_loaded.*changed'
runc kill istio-proxy USR2
await logged istio-proxy '^answer 2 '
logged istio-proxy '^answer 2 '
say 'stopped'
for each in frontend signer; do
  runc kill $each TERM
  await logged $each '"stopped"'
  logged $each '"draining"\|"stopped"'
  stopped() { runc state $1 | grep '"stopped"'; }
  await stopped $each
  runc delete $each
done
say 'started again'
# When a container starts, containerd labels its volumes again.
for each in pairing/secret signer-socket/signer.sock; do
  setfattr -n security.selinux -v system_u:object_r:container_file_t:$LEVEL $VOLUMES/$each
done
start signer
start frontend
runc kill istio-proxy USR2
await logged istio-proxy '^answer 3 '
logged istio-proxy '^answer 3 '
await test -S $VOLUMES/signer-socket/signer.sock
say 'neighbour'
try neighbour
say 'other pod'
try other-pod
for each in frontend signer; do
  for rights in deployed root; do
    say "$each $rights"
    try $each-$rights
  done
done
say 'end'
