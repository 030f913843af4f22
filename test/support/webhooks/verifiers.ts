// Receivers of webhooks with the public libraries `standardwebhooks`, unchanged: of npm, PyPI and Go.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../../../tools/cli/exec.ts'
import { cached, keyOf } from '../../../tools/local-cluster/programs/cache.ts'
import { go } from '../../../tools/local-cluster/programs/go.ts'
import { describePython, fetchPackages } from '../../../tools/local-cluster/programs/python.ts'

/** What a receiver gets. `secret` begins with `whsec_`, and `body` is base64. */
export type Received = {
  secret: string
  headers: Record<string, string>
  body: string
  /** The receiver's clock in seconds since 1970. Without it, it is the machine's. For Go from 2000 on. */
  now?: number
}

const here = import.meta.dirname
export const libraries = ['npm', 'PyPI', 'Go'] as const
export type Library = (typeof libraries)[number]

type Command = { command: string[]; env?: NodeJS.ProcessEnv }

const prepare: Record<Library, () => Promise<Command>> = {
  npm: async () => ({ command: [process.execPath, join(here, 'verify-npm.ts')] }),
  PyPI: async () => {
    const packages = await fetchPackages(join(here, 'python/requirements.txt'))
    const { command, env } = describePython(packages)
    return { command: [...command, join(here, 'python/verify.py')], env }
  },
  Go: async () => ({ command: [join(await buildVerifier(), 'verify')] }),
}

const prepared = new Map<Library, Promise<Command>>()

/** Returns for each webhook whether the library accepts it. The first call fetches or compiles the library. */
export async function verifyWith(
  library: Library,
  received: readonly Received[],
): Promise<boolean[]> {
  const ready = prepared.get(library) ?? prepare[library]()
  prepared.set(library, ready)
  const { command, env = {} } = await ready
  const [program = '', ...args] = command
  const input = received.map((each) => `${toLine(each)}\n`).join('')
  const output = await run(program, args, { input, env: { ...process.env, ...env } })
  // Go prints its own lines, too.
  const accepted = output.match(/^[01]$/gm) ?? []
  if (accepted.length !== received.length) {
    throw new Error(`${library} answers ${accepted.length} of ${received.length} webhooks`)
  }
  return accepted.map((digit) => digit === '1')
}

/** Returns how many webhooks each library accepts. */
export async function countAccepted(
  received: readonly Received[],
): Promise<Record<Library, number>> {
  const counts = libraries.map(async (library) => {
    const accepted = await verifyWith(library, received)
    return [library, accepted.filter(Boolean).length] as const
  })
  return Object.fromEntries(await Promise.all(counts)) as Record<Library, number>
}

/** Writes JSON in one line. Node takes two characters of Unicode for the end of a line, too. */
export function toLine(value: unknown): string {
  const toCode = (character: string) => `\\u${character.charCodeAt(0).toString(16)}`
  return JSON.stringify(value).replace(/[\u2028\u2029]/g, toCode)
}

/** Compiles the receiver in Go unless it is in the cache. Returns its folder. */
async function buildVerifier(): Promise<string> {
  const source = join(here, 'go')
  const names = ['verify_test.go', 'go.mod', 'go.sum']
  const files = await Promise.all(names.map((name) => readFile(join(source, name), 'utf8')))
  const key = keyOf(...files, await go(source, ['env', 'GOVERSION']))
  return cached(`programs/webhooks-${key}`, async (folder) => {
    await go(source, ['test', '-c', '-ldflags=-s -w', '-o', join(folder, 'verify'), '.'])
  })
}
