// Debian's container registry, skopeo, and the emulator of programs for arm64. They run from a root file system without chroot.
import { join } from 'node:path'
import { buildDebian } from '../../../tools/local-cluster/images/root-file-systems.ts'

export type RegistryTools = {
  /** Returns the words that start a program, for example "skopeo". */
  command: (name: string) => string[]
  /** A file of the root file system. */
  path: (name: string) => string
}

export async function buildRegistryTools(): Promise<RegistryTools> {
  // Of 30 emulators, one is needed.
  const more = ['exclude=/usr/bin/qemu-*', 'include=/usr/bin/qemu-aarch64-static'].map(
    (each) => `--dpkgopt=path-${each}`,
  )
  const packages = ['docker-registry', 'skopeo', 'qemu-user-static']
  const root = join(
    await buildDebian('registry-tools', 'extract', 'root', packages, { more }),
    'root',
  )
  const path = (name: string) => join(root, name)
  const libraries = ['lib', 'usr/lib'].map((name) => path(`${name}/x86_64-linux-gnu`)).join(':')
  const loader = [path('lib64/ld-linux-x86-64.so.2'), '--library-path', libraries]
  return { path, command: (name) => [...loader, path(`usr/bin/${name}`)] }
}
