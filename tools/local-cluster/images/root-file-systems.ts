// Debian file systems, whose packages apt has checked by Debian's signatures: one that the node runs in, so that it
// takes nothing from the machine but the kernel, and two that images are based on.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../../cli/exec.ts'
import { cached, keyOf } from '../programs/cache.ts'

const SUITE = 'bookworm'
const DEBIAN_VERSION = 12
const OWN_SOURCES = '/etc/apt/sources.list.d/debian.sources'
/** What mmdebstrap writes is then the same bits for the same packages. */
const env = { ...process.env, SOURCE_DATE_EPOCH: '0' }
const libraries = ['libc6', 'libgcc-s1', 'libstdc++6', 'ca-certificates', 'tzdata', 'netbase']

/** `nodeRoot`: a folder; `proxyBase`, `nodejsBase`: folders with a base.tar without shell or package manager. */
export type RootFileSystems = { nodeRoot: string; proxyBase: string; nodejsBase: string }

/** Makes what is not in the cache yet. */
export async function buildRootFileSystems(): Promise<RootFileSystems> {
  const nodeRoot = await buildDebian('node-root', 'essential', 'root', [
    ...libraries,
    // Containers and their networks.
    ...['containerd', 'runc', 'containernetworking-plugins', 'buildah', 'catatonit'],
    // kubelet and kube-proxy call these.
    ...['mount', 'iptables', 'ipset', 'conntrack', 'iproute2', 'socat', 'libatomic1'],
  ])
  // Extracted only: nothing is configured, so that no shell is needed, and so none is there.
  const proxyBase = await buildDebian('proxy-base', 'extract', 'base.tar', [
    ...libraries,
    'iptables',
  ])
  const contents = [...libraries, 'libatomic1']
  const nodejsBase = await buildDebian('nodejs-base', 'extract', 'base.tar', contents, {
    more: declarePackages,
  })
  return { nodeRoot: join(nodeRoot, 'root'), proxyBase, nodejsBase }
}

/**
 * What is only extracted is in no database of dpkg. As in distroless images there is a file for each package instead,
 * which scanners and tools/release/image-contents.ts read, and its licence. The file that says which Debian it is would come
 * with an awk.
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

/** Makes a Debian file system with these packages, unless it is in the cache, as `target` in the folder that it returns. */
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

/** On a machine with the same Debian its own list of mirrors is the best; elsewhere mmdebstrap knows one. */
async function findSources(suite: string): Promise<string[]> {
  const sources = await readFile(OWN_SOURCES, 'utf8').catch(() => '')
  return sources.includes(suite) ? [OWN_SOURCES] : []
}
