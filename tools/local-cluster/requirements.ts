// What this machine must have to hold the cluster. Said at once, one line each, before anything is built or started.
import { readFile } from 'node:fs/promises'
import { run, tryRun } from '../cli/exec.ts'
import { step, UserError } from '../cli/terminal.ts'

const other =
  'or make up CLUSTER=kind where Docker runs, or use any cluster with Istio: make deploy KUBECONFIG=…'

/** Program → what brings it. The first group is Debian's and installed if missing. */
const debianPrograms = { mmdebstrap: 'mmdebstrap', openssl: 'openssl', pip3: 'python3-pip' }
const programs = {
  go: 'install Go 1.26 or newer',
  npm: 'install Node.js with npm',
  unshare: 'install util-linux',
  nsenter: 'install util-linux',
}

/** Throws UserError unless this machine can hold the cluster; installs Debian packages that are missing. */
export async function checkRequirements(): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw lacks(
      `Linux on x86-64 (this is ${process.platform} on ${process.arch})`,
      'use such a machine',
    )
  }
  if (process.getuid?.() !== 0) {
    throw lacks(
      'root: it makes namespaces, mounts and cgroups',
      'run it as root, e.g. sudo -E make up',
    )
  }
  await checkOverlay()
  for (const [program, remedy] of Object.entries(programs)) {
    if (!(await isThere(program))) throw lacks(program, remedy)
  }
  await installDebianPrograms()
}

/** Not only whether the kernel knows overlayfs: on some file systems, and in some containers, it can't be mounted. */
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
  throw lacks(`overlayfs and the right to mount it (${why})`, 'use a machine or VM of its own')
}

async function installDebianPrograms(): Promise<void> {
  const missing: string[] = []
  for (const [program, debianPackage] of Object.entries(debianPrograms)) {
    if (!(await isThere(program))) missing.push(debianPackage)
  }
  if (missing.length === 0) return
  if (!(await isThere('apt-get'))) throw lacks(missing.join(' and '), 'install it')
  await installDebianPackages(missing)
}

/** Installs them with apt-get, which has to be there; takes root. */
export async function installDebianPackages(names: readonly string[]): Promise<void> {
  await step(`install ${names.join(', ')}`, async () => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    await run('apt-get', ['update', '-q'], { env })
    await run('apt-get', ['install', '-qy', '--no-install-recommends', ...names], { env })
  })
}

/** Whether a program is on the PATH. */
export async function isThere(program: string): Promise<boolean> {
  const { code } = await tryRun('sh', ['-c', 'command -v "$1"', 'sh', program])
  return code === 0
}

function lacks(what: string, remedy: string): UserError {
  return new UserError(`the local cluster needs ${what}`, `${remedy}, ${other}`)
}
