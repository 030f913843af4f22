// Imports images into a containerd on this machine, whose data a guest then has. In an emulated machine this takes a minute.
import { run } from '../../../tools/cli/exec.ts'

/** $1: the root with containerd, $2: the folder with archives, $3: the empty folder for the data. Nothing outlives the namespaces. */
const importAll = `
mount --make-rprivate /
mount --bind "$1" /mnt
mount -t proc proc /mnt/proc
mount --bind /dev /mnt/dev
for each in run tmp media; do mount -t tmpfs tmpfs /mnt/$each; done
mkdir -p /mnt/media/archives /mnt/media/data
mount --bind "$2" /mnt/media/archives
mount --bind "$3" /mnt/media/data
exec chroot /mnt sh -euc '
  containerd --root /media/data --log-level error --config /dev/null &
  daemon=$!
  until ctr version >/dev/null 2>&1; do sleep 0.1; done
  for archive in /media/archives/*; do ctr --namespace k8s.io images import "$archive" >/dev/null; done
  kill $daemon
  wait $daemon
'
`

export async function importImages(root: string, archives: string, data: string): Promise<void> {
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child']
  await run('unshare', [...namespaces, 'sh', '-euc', importAll, 'sh', root, archives, data])
}
