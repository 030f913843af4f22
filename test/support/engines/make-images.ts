// make images as a user runs it, with one engine on the PATH.
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { CommandError, type RunResult, tryRun } from '../../../tools/cli/exec.ts'
import type { Engine } from './engines.ts'

/** Runs it with these variables of make. */
export function tryMakeImages(
  engine: Engine,
  variables: Record<string, string>,
): Promise<RunResult> {
  const given = Object.entries({ BUILDER: engine.builder, ...variables })
  const words = given.map(([name, value]) => `${name}=${value}`)
  const env = { PATH: `${engine.bin}:${process.env.PATH}`, HOME: process.env.HOME }
  const args = ['--silent', '--old-file=node_modules', 'images', ...words]
  return tryRun('make', args, { cwd: CHECKOUT, env })
}

export type Tags = { frontend: string; signer: string }

/** Returns the tag of each image. */
export async function makeImages(engine: Engine, variables: Record<string, string>): Promise<Tags> {
  const result = await tryMakeImages(engine, variables)
  if (result.code !== 0) throw new CommandError('make images', result)
  const read = (name: string) => new RegExp(`/${name}:(\\w+)$`, 'm').exec(result.stdout)?.[1] ?? ''
  return { frontend: read('frontend'), signer: read('signer') }
}
