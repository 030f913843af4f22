// Checks that this machine can run the local cluster, before anything is built or started.
import { readFile, stat } from 'node:fs/promises'
import { run, tryRun } from '../cli/exec.ts'
import { step, UserError } from '../cli/terminal.ts'

const other =
  'Or run `make up CLUSTER=kind` with Docker, or `make deploy KUBECONFIG=…` on any cluster with Istio.'

/** Exists once the kernel has br_netfilter. */
const BRIDGE_SETTING = '/proc/sys/net/bridge/bridge-nf-call-iptables'
/** Each program, and its Debian package. Missing ones are installed. */
const debianPrograms = { mmdebstrap: 'mmdebstrap', openssl: 'openssl', pip3: 'python3-pip' }
/** Each program that you install, and how. */
const programs = {
  go: 'Install Go 1.26 or newer.',
  npm: 'Install Node.js with npm.',
  unshare: 'Install util-linux.',
  nsenter: 'Install util-linux.',
}

/** Throws UserError if this machine cannot run the cluster. Installs missing Debian packages. */
export async function checkRequirements(): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw lacks(
      `Linux on x86-64, and this is ${process.platform} on ${process.arch}`,
      'Use such a machine.',
    )
  }
  if (process.getuid?.() !== 0) {
    // Without PATH, Debian's sudo finds no program outside of /usr, such as Go.
    throw lacks(
      'root, because it creates namespaces, mounts and cgroups',
      'Run `sudo -E env "PATH=$PATH" make up`, and the other targets in the same way.',
    )
  }
  await checkOverlay()
  await checkBridgeFilter()
  for (const [program, remedy] of Object.entries(programs)) {
    if (!(await isThere(program))) throw lacks(program, remedy)
  }
  await installDebianPrograms()
}

/** Mounts an overlayfs, because some file systems and containers do not allow it although the kernel has it. */
async function checkOverlay(): Promise<void> {
  const known = (await readFile('/proc/filesystems', 'utf8')).split('\n')
  if (!known.includes('nodev\toverlay')) await tryRun('modprobe', ['overlay'])
  const script = [
    'mount -t tmpfs tmpfs /tmp && cd /tmp && mkdir lower upper work merged',
    'mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged',
  ].join(' && ')
  const { code, stderr } = await tryRun('unshare', ['--mount', 'sh', '-c', script])
  if (code === 0) return
  const why = stderr.trim().split('\n').at(-1) ?? ''
  throw lacks(`overlayfs and the right to mount it (${why})`, 'Use a physical machine or a VM.')
}

/**
 * Packets between two Pods of the node must pass netfilter, or answers come from another address than that of the Service. Where
 * it is a module, as in Debian, nothing loads it by itself.
 */
export async function checkBridgeFilter(setting = BRIDGE_SETTING): Promise<void> {
  const isLoaded = () => stat(setting).catch(() => undefined)
  if (await isLoaded()) return
  const { stderr } = await tryRun('modprobe', ['br_netfilter'])
  if (await isLoaded()) return
  const why = stderr.trim().split('\n').at(-1) ?? ''
  throw lacks(`the kernel module br_netfilter (${why})`, 'Use a physical machine or a VM.')
}

async function installDebianPrograms(): Promise<void> {
  const missing: string[] = []
  for (const [program, debianPackage] of Object.entries(debianPrograms)) {
    if (!(await isThere(program))) missing.push(debianPackage)
  }
  if (missing.length === 0) return
  if (!(await isThere('apt-get'))) throw lacks(missing.join(' and '), 'Install it.')
  await installDebianPackages(missing)
}

export async function installDebianPackages(names: readonly string[]): Promise<void> {
  await step(`${names.join(', ')} installed`, async () => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    await run('apt-get', ['update', '-q'], { env })
    await run('apt-get', ['install', '-qy', '--no-install-recommends', ...names], { env })
  })
}

export async function isThere(program: string): Promise<boolean> {
  const { code } = await tryRun('sh', ['-c', 'command -v "$1"', 'sh', program])
  return code === 0
}

function lacks(what: string, remedy: string): UserError {
  return new UserError(`the local cluster needs ${what}`, `${remedy} ${other}`)
}
