// The disk of a guest: an ext4 image from folders of this machine, with owners, modes, links and extended attributes.
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { run } from '../../../tools/cli/exec.ts'

export type GuestFile = { text: string; mode?: number }
export type DiskContents = {
  /** The folder with the root file system. */
  root: string
  /** Path in the guest → folder of this machine. */
  folders: Record<string, string>
  /** Path in the guest → file. The mode is 644 by default. */
  files: Record<string, GuestFile>
}

/**
 * $1: the root with mke2fs. $2: the folder of the image. $3: the guest's root. $4: MiB, or 0. The rest: pairs of a folder and its
 * path in the guest. mke2fs follows mounts, so nothing is copied twice.
 */
const makeImage = `
emulator=$1 folder=$2 root=$3 size=$4
shift 4
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
cd /mnt
mkdir lower upper work merged emulator
mount --bind "$root" lower
mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work disk merged
cp -a "$folder/files/." merged/
while [ $# -gt 0 ]; do
  mkdir -p "merged$2"
  mount --bind "$1" "merged$2"
  shift 2
done
[ "$size" != 0 ] || size=$(($(du -sm merged | cut -f1) * 11 / 10 + 300))
mount --bind "$emulator" emulator
mount --rbind merged emulator/home
mount --bind "$folder" emulator/tmp
exec chroot emulator mke2fs -q -F -t ext4 -m 0 -d /home /tmp/disk.img "$size"M
`

/** Writes `folder`/disk.img. `sizeMiB` is the contents' size and 300 MiB by default. */
export async function makeGuestDisk(
  emulator: string,
  folder: string,
  { root, folders, files }: DiskContents,
  sizeMiB = 0,
): Promise<void> {
  await mkdir(join(folder, 'files'), { recursive: true })
  for (const [path, { text, mode = 0o644 }] of Object.entries(files)) {
    const file = join(folder, 'files', path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
    await chmod(file, mode)
  }
  const pairs = Object.entries(folders).flatMap(([path, from]) => [from, path])
  const args = [emulator, folder, root, String(sizeMiB), ...pairs]
  await run('unshare', ['--mount', 'sh', '-euc', makeImage, 'sh', ...args])
}
