// Debian's compilers for AppArmor profiles and SELinux modules, in root file systems for chroot.
import { join } from 'node:path'
import { buildDebian } from '../../tools/local-cluster/images/root-file-systems.ts'

export async function buildAppArmorTools(): Promise<string> {
  return join(await buildDebian('apparmor-tools', 'extract', 'root', ['apparmor']), 'root')
}

/** Unpacks each module of the policy, and translates it for secilc, as semodule does. */
const translateModules = `cd "$1/usr/share/selinux/default"
for module in *.pp.bz2; do
  set -- "$1" "/usr/share/selinux/default/\${module%.pp.bz2}"
  chroot "$1" bzip2 -d "$2.pp.bz2"
  chroot "$1" /usr/libexec/selinux/hll/pp "$2.pp" "$2.cil"
  rm "$1$2.pp"
done`

/** Provides SELinux policy, secilc and setools of the next Debian, because bookworm's policy has no containers. */
export async function buildSelinuxTools(): Promise<string> {
  // base-files has the link /lib64.
  const packages = [
    ...['selinux-policy-default', 'policycoreutils', 'secilc', 'setools', 'bzip2', 'base-files'],
  ]
  const more = [`--extract-hook=set -e; ${translateModules}`]
  const options = { suite: 'trixie', more }
  return join(await buildDebian('selinux-tools', 'extract', 'root', packages, options), 'root')
}
