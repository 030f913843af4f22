// The verdicts of a run in a file, one JSON line each, so that an interrupted run goes on where it ended.
import { appendFile, readFile } from 'node:fs/promises'
import { z } from 'zod'
import { classes, type Verdict, worstOf } from '../support/mutations/judge.ts'

const line = z.object({
  id: z.string(),
  name: z.string(),
  judge: z.string(),
  class: z.enum([...classes, 'not run']),
  evidence: z.string(),
})
export type VerdictLine = z.infer<typeof line>

export class VerdictLog {
  readonly #path: string
  readonly #found = new Map<string, Map<string, Verdict>>()

  private constructor(path: string) {
    this.#path = path
  }

  /** Reads what an earlier run has found. */
  static async open(path: string): Promise<VerdictLog> {
    const log = new VerdictLog(path)
    const text = await readFile(path, 'utf8').catch(() => '')
    for (const each of text.split('\n')) {
      const found = line.safeParse(parse(each))
      if (found.success) log.#keep(found.data)
    }
    return log
  }

  async add(found: VerdictLine): Promise<void> {
    this.#keep(found)
    await appendFile(this.#path, `${JSON.stringify(found)}\n`)
  }

  /** False for what was not run: another run may be able to. */
  has(id: string, judge: string): boolean {
    const found = this.#found.get(id)?.get(judge)
    return found !== undefined && found.class !== 'not run'
  }

  /** Returns the worst verdict of all judges. */
  verdictOf(id: string): Verdict | undefined {
    return worstOf([...(this.#found.get(id)?.values() ?? [])])
  }

  #keep({ id, judge, class: found, evidence }: VerdictLine): void {
    const verdicts = this.#found.get(id) ?? new Map<string, Verdict>()
    this.#found.set(id, verdicts.set(judge, { class: found, evidence }))
  }
}

/** The last line of an interrupted run may be cut off. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
