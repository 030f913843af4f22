// The contents of a base image, from its layers: Node.js, and the Debian packages in the records of dpkg or of a distroless
// image.
import { hash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../cli/exec.ts'
import { readMachine } from '../images/machine.ts'

export type DebianPackage = {
  name: string
  version: string
  architecture: string
  /** The source package. Debian reports vulnerabilities under its name. */
  source: string
}
export type ImageContents = {
  /** Empty if the base image has no records. */
  packages: DebianPackage[]
  /** For example "debian-12". */
  distribution: string | undefined
  /** `architecture` as Go names it. Undefined: unknown. */
  node: { version: string; sha256: string; architecture: string | undefined } | undefined
}

const NODE = 'nodejs/bin/node'
const RELEASE = 'usr/lib/os-release'
const STATUS = 'var/lib/dpkg/status'
/** Distroless images have a list of checksums for each package, which is not a record. */
const wanted = new RegExp(
  `^(\\./)?(${NODE}|${RELEASE}|${STATUS}|${STATUS}\\.d/[^/]+(?<!\\.md5sums))$`,
)

/** Reads the contents of `layers`, paths of tar archives, the lowest first. */
export async function readContents(layers: readonly string[]): Promise<ImageContents> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-signing-'))
  try {
    for (const layer of layers) {
      const names = (await run('tar', ['-tf', layer]))
        .split('\n')
        .filter((name) => wanted.test(name))
      const args = ['--no-same-owner', '--no-same-permissions', '-C', folder]
      if (names.length > 0) await run('tar', ['-xf', layer, ...args, '--', ...names])
    }
    const release = parseFields(await readText(join(folder, RELEASE)), '=')
    return {
      packages: await readPackages(folder),
      distribution: release.ID && `${release.ID}-${release.VERSION_ID}`,
      node: await readNode(join(folder, NODE)),
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function readPackages(folder: string): Promise<DebianPackage[]> {
  const parts = await readdir(join(folder, `${STATUS}.d`)).catch(() => [])
  const files = [STATUS, ...parts.map((part) => `${STATUS}.d/${part}`)]
  const texts = await Promise.all(files.map((file) => readText(join(folder, file))))
  return texts
    .flatMap((text) => text.split(/\n\n+/))
    .map((text) => parseFields(text, ': '))
    .flatMap(({ Package: name, Version: version, Architecture: architecture, ...rest }) => {
      const isInstalled = rest.Status === undefined || rest.Status.endsWith(' installed')
      if (!name || !version || !architecture || !isInstalled) return []
      const source = rest.Source?.split(' ')[0] ?? name
      return [{ name, version, architecture, source }]
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** The Node.js executable contains the address of its source archive. */
async function readNode(file: string): Promise<ImageContents['node']> {
  const program = await readFile(file).catch(() => Buffer.alloc(0))
  const version = /node-v(\d+\.\d+\.\d+)\.tar\.gz/.exec(program.toString('latin1'))?.[1]
  if (version === undefined) return undefined
  const architecture = readMachine(program)
  return { version, sha256: hash('sha256', program), architecture }
}

function parseFields(text: string, separator: string): Record<string, string | undefined> {
  const lines = text.split('\n').map((line) => line.split(separator))
  return Object.fromEntries(
    lines.map(([name = '', ...rest]) => [name, rest.join(separator).replace(/^"|"$/g, '')]),
  )
}

/** Returns an empty text if the file does not exist. */
async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
}
