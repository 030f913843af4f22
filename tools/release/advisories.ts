// Known vulnerabilities of the packages in a lockfile, from `npm audit`. A missing answer never counts as "none found".
import { z } from 'zod'
import { tryRun } from '../cli/exec.ts'

export type Vulnerability = { name: string; severity: string; range: string; urls: string[] }

export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError'
}

/** `npm audit --json`, version 2. `via` contains advisories, or names of other vulnerable packages. */
const report = z.object({
  auditReportVersion: z.literal(2),
  vulnerabilities: z.record(
    z.string(),
    z.object({
      severity: z.string(),
      range: z.string(),
      via: z.array(z.union([z.string(), z.object({ url: z.string() })])),
    }),
  ),
})

/** Audits the lockfile in `folder`. Throws NoAnswerError. */
export async function askRegistry(
  folder: string,
  flags: readonly string[],
): Promise<Vulnerability[]> {
  const args = ['audit', '--json', '--package-lock-only', ...flags]
  const { code, stdout, stderr } = await tryRun('npm', args, { cwd: folder, timeoutMs: 120_000 })
  const parsed = report.safeParse(parse(stdout))
  if (!parsed.success) {
    // npm's message contains the registry's address, which may contain credentials.
    const status = /\b[45]\d\d [A-Z][A-Za-z ]+/.exec(stderr)?.[0] ?? `npm audit exited with ${code}`
    throw new NoAnswerError(`the registry did not answer npm audit: ${status.trim()}`)
  }
  return Object.entries(parsed.data.vulnerabilities).map(([name, { severity, range, via }]) => {
    const urls = via.flatMap((each) => (typeof each === 'string' ? [] : [each.url]))
    return { name, severity, range, urls }
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
