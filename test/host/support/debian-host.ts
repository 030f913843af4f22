// Debian 13 as its installer leaves it, with what the README's local cluster needs: programs, a clone, and a warm cache.
import { realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { run } from '../../../tools/cli/exec.ts'
import { buildDebian } from '../../../tools/local-cluster/images/root-file-systems.ts'
import { makeFolder } from '../../support/folder.ts'
import { GUEST_SUITE } from '../../support/guest/guest-programs.ts'
import { listWarmCache } from './warm-cache.ts'

/** The guest's home of root. */
const home = '/root'
/** The clone's path in the guest. */
export const CLONE = `${home}/secure-signing`
const cache = `${home}/.cache/secure-signing`

const packages = [
  ...['systemd-sysv', 'udev', 'dbus', 'kmod', 'apparmor', 'iproute2', 'sudo', 'procps', 'curl'],
  // What the README and tools/local-cluster/requirements.ts name. Go, npm and the libraries come from this machine.
  ...['git', 'make', 'python3-pip', 'mmdebstrap', 'openssl', 'ca-certificates'],
]

export async function buildDebianHost(): Promise<string> {
  const options = { suite: GUEST_SUITE }
  return join(await buildDebian('debian-host', 'essential', 'root', packages, options), 'root')
}

/** Lists what else is on the disk, as path in the guest → folder of this machine. */
export async function listHostFolders(): Promise<Record<string, string>> {
  const clone = join(await makeFolder(), 'clone')
  await run('git', ['clone', '--quiet', '--no-hardlinks', CHECKOUT, clone])
  const entries = Object.entries(await listWarmCache())
  return {
    [CLONE]: clone,
    [`${CLONE}/node_modules`]: join(CHECKOUT, 'node_modules'),
    '/usr/local/go': (await run('go', ['env', 'GOROOT'])).trim(),
    '/usr/local/lib/node_modules/npm': await findNpm(),
    ...Object.fromEntries(entries.map(([name, folder]) => [`${cache}/${name}`, folder])),
  }
}

/** Returns the folder with npm's `bin`. */
async function findNpm(): Promise<string> {
  const program = (await run('sh', ['-c', 'command -v npm'])).trim()
  return dirname(dirname(await realpath(program)))
}
