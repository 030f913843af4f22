// The folder of the evidence. Its owner alone can read it, because logs and resources may hold what is confidential.
import { chmod, mkdir, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CHECKOUT, showPath } from '../../cli/checkout.ts'
import { readVariable } from '../../cli/make-variables.ts'
import { UserError } from '../../cli/terminal.ts'

/** Makes the folder OUT. Throws UserError if it has files, because evidence never replaces other evidence. */
export async function makeFolder(now: Date): Promise<string> {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '')
  const folder = resolve(readVariable('OUT') ?? join(CHECKOUT, '.deploy', `evidence-${time}`))
  const made = await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error) => {
    throw new UserError(
      `OUT=${showPath(folder)} cannot be made: ${error.message}`,
      'Give another folder.',
    )
  })
  const names = await readdir(folder)
  if (names.length > 0) {
    throw new UserError(
      `OUT=${showPath(folder)} has files, and evidence replaces none`,
      'Give a new folder, for example OUT=incident-2.',
    )
  }
  // An empty folder of the user may be open to others.
  if (made === undefined) await chmod(folder, 0o700)
  return folder
}
