// Which External Secrets the tests run.
import { access, constants, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readVariable } from '../../../tools/cli/make-variables.ts'
import { UserError } from '../../../tools/cli/terminal.ts'
import { buildTestPrograms } from '../../support/programs/programs.ts'

/**
 * Returns a folder with the operator's program and the CRDs of the same version: the one of EXTERNAL_SECRETS, or else one with the
 * pinned version, compiled. Throws UserError if a part is missing.
 */
export async function findExternalSecrets(): Promise<string> {
  const folder = readVariable('EXTERNAL_SECRETS')
  if (folder === undefined) return buildTestPrograms('external-secrets')
  const missing = [
    ...((await isProgram(join(folder, 'external-secrets'))) ? [] : ['no program external-secrets']),
    ...((await hasCrds(folder)) ? [] : ['no file *.yaml with its CRDs']),
  ]
  if (missing.length === 0) return folder
  throw new UserError(
    `EXTERNAL_SECRETS=${folder} has ${missing.join(', and ')}`,
    "Copy the program out of External Secrets' image, and put the CRDs of the same version beside it.",
  )
}

async function isProgram(path: string): Promise<boolean> {
  const problem = await access(path, constants.X_OK).catch((error: Error) => error)
  return problem === undefined
}

async function hasCrds(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch(() => [])
  return names.some((name) => name.endsWith('.yaml'))
}
