// Reads the files of one log into a verifier.
import type { createVerifier } from './audit-verifier.ts'
import { createLineJoiner } from './container-lines.ts'
import type { Log } from './log-files.ts'
import { readLines } from './log-lines.ts'

export async function readLog(
  { files, readAt }: Log,
  verifier: ReturnType<typeof createVerifier>,
): Promise<void> {
  const log = verifier.openLog(readAt)
  const joiner = createLineJoiner()
  let name = ''
  for (const file of files) {
    name = file.name
    for await (const lines of readLines(file.open())) {
      for (const line of lines) {
        const output = joiner.join(line)
        if (output !== undefined) log.add(name, output)
      }
    }
  }
  for (const output of joiner.end()) log.add(name, output)
  log.end()
}
