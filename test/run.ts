// All tests of `make test`. Those that need no deployment run beside those that attack it, because both mostly wait. The faults
// run last and alone, because they measure. The last line counts everything.
import { spawn } from 'node:child_process'
import { once } from 'node:events'

type Count = { passed: number; failed: number; skipped: number }

/** Runs some projects of vitest.config.ts. Prints at once if `isShown`, else at the end. */
async function runProjects(projects: readonly string[], isShown: boolean): Promise<Count> {
  const child = spawn('vitest', ['run', ...projects.map((name) => `--project=${name}`)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output.push(chunk)
      if (isShown) process.stdout.write(chunk)
    })
  }
  const [code] = await once(child, 'close')
  const text = Buffer.concat(output)
  if (!isShown) process.stdout.write(text)
  const count = readCount(text.toString())
  // vitest failed before or after the tests.
  return code === 0 || count.failed > 0 ? count : { ...count, failed: 1 }
}

/** Reads the last line of count-reporter.ts. */
function readCount(text: string): Count {
  const lines = [...text.matchAll(/^(\d+) passed, (\d+) failed, (\d+) skipped$/gm)]
  const [, passed = 0, failed = 1, skipped = 0] = lines.at(-1) ?? []
  return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) }
}

const counts = await Promise.all([
  runProjects(['unit', 'process', 'integration'], false),
  runProjects(['live', 'policy'], true),
])
counts.push(await runProjects(['faults'], true))
const sum = (state: keyof Count) => counts.reduce((total, count) => total + count[state], 0)
process.stdout.write(
  `${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped\n`,
)
process.exitCode = sum('failed') === 0 ? 0 : 1
