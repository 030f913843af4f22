// Reads files in a container, and the user that it runs as. This file is sent into the container.
import { readFileSync } from 'node:fs'

/** Reads `files`. The result is "read" or the error. */
export function readFiles(files: string[]): {
  user: number | undefined
  group: number | undefined
  groups: number[] | undefined
  files: Record<string, string>
} {
  const results = files.map((file) => {
    try {
      readFileSync(file)
      return [file, 'read']
    } catch (error) {
      return [file, (error as NodeJS.ErrnoException).code ?? String(error)]
    }
  })
  return {
    user: process.getuid?.(),
    group: process.getgid?.(),
    groups: process.getgroups?.(),
    files: Object.fromEntries(results),
  }
}
