// Compiles the tools of a go.mod in one run, so that Go reads their packages once and links the programs side by side.
import { elapsed, say } from '../../cli/terminal.ts'
import { go } from './go.ts'

const PROGRESS_INTERVAL_MS = 15_000
/** The linker drops what the compiler would write for debuggers. The programs do the same without it. */
const noDebugging = ['-gcflags', 'all=-dwarf=false']

/** Writes the programs into `target`, each with the name that Go gives it. `name` is for the progress. */
export async function compile(
  name: string,
  cwd: string,
  target: string,
  flags: readonly string[],
): Promise<void> {
  const start = performance.now()
  let packages = 0
  const progress = setInterval(
    () => say(`  …     ${name}: ${packages} packages compiled (${elapsed(start)})`),
    PROGRESS_INTERVAL_MS,
  )
  try {
    // -v prints a line for each compiled package. An interrupted build continues from Go's own cache.
    await go(cwd, ['build', '-v', ...noDebugging, ...flags, '-o', `${target}/`, 'tool'], {
      onStderr: (text) => {
        packages += text.split('\n').length - 1
      },
    })
  } finally {
    clearInterval(progress)
  }
}
