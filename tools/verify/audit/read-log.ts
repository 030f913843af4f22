// Reads the files of one log.
import type { createVerifier } from './audit-verifier.ts'
import { createLineJoiner, type OutputLine } from './container-lines.ts'
import type { Log, LogFile } from './log-files.ts'
import { readLines } from './log-lines.ts'

/** Reads the lines of a container's output, of which the oldest files come first. */
export async function readOutput(
  files: readonly LogFile[],
  onLine: (file: string, line: OutputLine) => void,
): Promise<void> {
  const joiner = createLineJoiner()
  let last = ''
  for (const { name, open } of files) {
    last = name
    for await (const lines of readLines(open())) {
      for (const line of lines) {
        const output = joiner.join(line)
        if (output !== undefined) onLine(name, output)
      }
    }
  }
  for (const output of joiner.end()) onLine(last, output)
}

export async function readLog(
  { files, readAt }: Log,
  verifier: ReturnType<typeof createVerifier>,
): Promise<void> {
  const log = verifier.openLog(readAt)
  await readOutput(files, log.add)
  log.end()
}
