// QEMU and Debian's kernel, in file systems of the cache. Nothing is installed on this machine.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { buildDebian } from '../../../tools/local-cluster/images/root-file-systems.ts'

export const GUEST_SUITE = 'trixie'
const options = { suite: GUEST_SUITE }

/** `version`: for example "6.12.118+deb13-cloud-amd64". `modules`: the folder with its modules, for /usr/lib/modules. */
export type GuestKernel = { image: string; version: string; modules: string }

/** Provides a root with QEMU and mke2fs, for chroot. */
export async function buildEmulator(): Promise<string> {
  // base-files has the link /lib64.
  const packages = ['qemu-system-x86', 'e2fsprogs', 'base-files']
  return join(await buildDebian('guest-emulator', 'extract', 'root', packages, options), 'root')
}

/** Provides Debian's kernel for virtual machines. AppArmor, SELinux, ext4 and NVMe are built in, so it needs no initramfs. */
export async function buildGuestKernel(): Promise<GuestKernel> {
  // modprobe needs the list of dependencies, which is made when a package is configured.
  const depmod = 'chroot "$1" depmod "$(basename "$1"/usr/lib/modules/*)"'
  const check = 'grep -q ": kernel/" "$1"/usr/lib/modules/*/modules.dep'
  const more = [`--extract-hook=set -e; ${depmod}; ${check}`]
  // Without liblzma, depmod cannot read the modules, and finds no dependencies.
  const packages = ['linux-image-cloud-amd64', 'kmod', 'liblzma5', 'base-files']
  const made = await buildDebian('guest-kernel', 'extract', 'root', packages, { ...options, more })
  const modules = join(made, 'root/usr/lib/modules')
  const version = (await readdir(modules))[0]
  if (version === undefined) throw new Error(`${modules} contains no kernel`)
  return { image: join(made, 'root/boot', `vmlinuz-${version}`), version, modules }
}
