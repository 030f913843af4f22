// Installs a module beside Debian's policy with semodule, as a user does, and returns the policy for a guest.
import { copyFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { run } from '../../../tools/cli/exec.ts'
import { makeFolder } from '../folder.ts'

/** $1: the root. $2: a folder with the module $3, which receives the policy. -D logs all refusals. */
const install = `
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/merged
mount -t overlay -o "lowerdir=$1,upperdir=/mnt/upper,workdir=/mnt/work" policy /mnt/merged
mkdir /mnt/merged/module
mount --bind "$2" /mnt/merged/module
chroot /mnt/merged semodule -n -D -i "/module/$3"
cp /mnt/merged/etc/selinux/default/policy/policy.* "$2"
`

/** Returns the folder with the policy. Throws CommandError if semodule refuses the module. */
export async function installModule(root: string, file: string): Promise<string> {
  const folder = await makeFolder()
  await copyFile(file, join(folder, basename(file)))
  await run('unshare', ['--mount', 'sh', '-euc', install, 'sh', root, folder, basename(file)])
  return folder
}
