// Debian file systems. apt verifies their packages with Debian's signatures. The node runs in one of them, and uses nothing
// of the machine but the kernel. The others are the bases of images.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../../cli/exec.ts'
import { cached, keyOf } from '../programs/cache.ts'

const SUITE = 'bookworm'
const DEBIAN_VERSION = 12
const OWN_SOURCES = '/etc/apt/sources.list.d/debian.sources'
/** With this, mmdebstrap writes the same bytes for the same packages. */
const env = { ...process.env, SOURCE_DATE_EPOCH: '0' }
const libraries = ['libc6', 'libgcc-s1', 'libstdc++6', 'ca-certificates', 'tzdata', 'netbase']

/** `nodeRoot` is a folder. `proxyBase` and `nodejsBase` contain a base.tar without shell or package manager. */
export type RootFileSystems = { nodeRoot: string; proxyBase: string; nodejsBase: string }

export async function buildRootFileSystems(): Promise<RootFileSystems> {
  const nodeRoot = await buildDebian('node-root', 'essential', 'root', [
    ...libraries,
    // For containers and their networks.
    ...['containerd', 'runc', 'containernetworking-plugins', 'buildah', 'catatonit'],
    // For kubelet and kube-proxy.
    ...['mount', 'iptables', 'ipset', 'conntrack', 'iproute2', 'socat', 'libatomic1'],
  ])
  // Packages are only extracted. Without their configuration steps, no shell is needed.
  const proxyBase = await buildDebian('proxy-base', 'extract', 'base.tar', [
    ...libraries,
    'iptables',
  ])
  return { nodeRoot: join(nodeRoot, 'root'), proxyBase, nodejsBase: await buildNodejsBase() }
}

/** Builds the base of images with Node, if the cache lacks it. It may be for another architecture, because nothing of it runs. */
export function buildNodejsBase(architecture?: 'arm64'): Promise<string> {
  const contents = [...libraries, 'libatomic1']
  const other = architecture === undefined ? [] : [`--architectures=${architecture}`]
  const more = [...declarePackages, ...other]
  return buildDebian('nodejs-base', 'extract', 'base.tar', contents, { more })
}

/** Builds the base of examples in Python, if the cache lacks it: Python, pip, and a shell for its installation of packages. */
export function buildPythonBase(): Promise<string> {
  const contents = [...libraries, 'python3', 'python3-pip', 'dash']
  return buildDebian('python-base', 'extract', 'base.tar', contents)
}

/**
 * dpkg's database does not list packages that are only extracted. Instead there is a file for each package, as in distroless
 * images, for scanners and tools/release/image-contents.ts. os-release is written by hand, because its package needs awk.
 */
const declarePackages = [
  '--dpkgopt=path-include=/usr/share/doc/*/copyright',
  `--extract-hook=${[
    'mkdir -p "$1/var/lib/dpkg/status.d"',
    'for deb in "$1"/var/cache/apt/archives/*.deb',
    'do dpkg-deb --field "$deb" >"$1/var/lib/dpkg/status.d/$(dpkg-deb --field "$deb" Package)"',
    'done',
    `printf 'ID=debian\\nVERSION_ID=${DEBIAN_VERSION}\\n' >"$1/usr/lib/os-release"`,
  ].join('; ')}`,
]

/** Builds a Debian file system with these packages, unless it is in the cache, as `target` in the folder that it returns. */
export async function buildDebian(
  name: string,
  variant: 'essential' | 'extract',
  target: string,
  packages: readonly string[],
  { suite = SUITE, more = [] }: { suite?: string; more?: readonly string[] } = {},
): Promise<string> {
  const args = [
    ...['--quiet', `--variant=${variant}`, `--include=${packages.join(',')}`],
    ...['doc', 'man', 'locale'].map((each) => `--dpkgopt=path-exclude=/usr/share/${each}/*`),
    ...more,
  ]
  return cached(`${name}-${suite}-${keyOf(...args)}`, async (folder) => {
    const paths = [suite, join(folder, target), ...(await findSources(suite))]
    await run('mmdebstrap', [...args, ...paths], { env })
  })
}

/** Uses the machine's own mirrors if it runs the same Debian release. Otherwise mmdebstrap chooses a mirror. */
async function findSources(suite: string): Promise<string[]> {
  const sources = await readFile(OWN_SOURCES, 'utf8').catch(() => '')
  return sources.includes(suite) ? [OWN_SOURCES] : []
}
