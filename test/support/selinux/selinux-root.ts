// The root of a guest with SELinux: Debian 13 with its policy, installed and labelled, and with the container runtime.
import { join } from 'node:path'
import { buildDebian } from '../../../tools/local-cluster/images/root-file-systems.ts'
import { GUEST_SUITE } from '../guest/guest-programs.ts'

const packages = [
  ...['base-files', 'dash', 'coreutils', 'grep', 'sed', 'util-linux', 'mount', 'iproute2'],
  ...['kmod', 'liblzma5', 'attr', 'findutils'],
  ...['selinux-policy-default', 'selinux-utils', 'policycoreutils', 'bzip2'],
  ...['runc', 'libseccomp2'],
]

/** Installs all modules as the package does, except those that it disables. $1: the root. */
const installPolicy = `
printf 'SELINUX=permissive\\nSELINUXTYPE=default\\n' >"$1/etc/selinux/config"
printf 'root:x:0:0:root:/root:/bin/sh\\n' >"$1/etc/passwd"
modules=$(sed 's|.*|-i/usr/share/selinux/default/&.pp.bz2|' "$1/usr/share/selinux/default/.modules")
chroot "$1" semodule -X 100 -n -s default $modules
mkdir -p "$1/var/lib/containerd" "$1/var/lib/kubelet"
chroot "$1" setfiles -F /etc/selinux/default/contexts/files/file_contexts /
`

export async function buildSelinuxRoot(): Promise<string> {
  const more = [`--extract-hook=set -eu; ${installPolicy}`]
  const options = { suite: GUEST_SUITE, more }
  return join(await buildDebian('selinux-guest', 'extract', 'root', packages, options), 'root')
}
