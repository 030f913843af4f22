#!/bin/sh
# Keeps a sandbox for container engines until standard input ends, whatever ended the test. Then everything in it ends, and what it
# left goes. Arguments: root file system, folder of the sandbox, then folders that it may read. Prints the id of the sandbox's init.
set -eu
root=$1 folder=$2
trap '' INT TERM HUP
here=$(dirname "$0")
cgroups=$folder/cgroups
mkdir "$cgroups"
# Wherever the machine has cgroup v2, and beside v1 too. The mount is in the namespace of this script.
mount -t cgroup2 cgroup "$cgroups"
own=$cgroups/$(basename "$folder")
mkdir -p "$own/init"

# The sandbox's cgroup namespace begins at $own. No process may be there itself, so init moves to a child.
sh -c 'echo $$ >"$1/cgroup.procs"; exec unshare --cgroup sh -c '\''
  echo $$ >"$1/init/cgroup.procs"; shift
  exec unshare --mount --pid --net --ipc --uts --fork --kill-child sh "$@"'\'' sh "$@"' sh "$own" "$here/sandbox.sh" "$@" &
sandbox=$!
while [ ! -e "$folder/ready" ] && kill -0 $sandbox 2>/dev/null; do sleep 0.05; done
if [ -e "$folder/ready" ]; then
  echo "$(cat "/proc/$sandbox/task/$sandbox/children")"
  cat >/dev/null
fi
# unshare ignores SIGTERM. With SIGKILL it takes all processes of the sandbox along.
kill -KILL $sandbox 2>/dev/null || true
wait $sandbox 2>/dev/null || true
for _ in 1 2 3 4 5 6 7 8 9 10; do
  find "$own" -depth -type d -exec rmdir {} + 2>/dev/null && break
  sleep 0.2
done
umount "$cgroups"
rm -rf --one-file-system "$folder"
