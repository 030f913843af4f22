// The output of `make matrix`, and that it removes its resources, also after an interruption. holds-without-one.test.ts shows
// its output when a policy resource is missing.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { type RunResult, tryRun } from '../../tools/cli/exec.ts'
import { exists, kubectl } from '../../tools/kube/kubectl.ts'
import { namespace } from '../../tools/kube/names.ts'
import { PODS_MS } from '../../tools/verify/attack/timeouts.ts'
import { waitFor } from '../../tools/verify/attack/wait.ts'
import { callers, declare } from '../../tools/verify/matrix/declared.ts'
import { requests } from '../../tools/verify/matrix/declared-table.ts'

const program = join(CHECKOUT, 'tools/verify/matrix/matrix.ts')

/** Lists resources with "matrix" in the name. */
async function listOrphans(): Promise<string[]> {
  const listings = [
    ['get', 'namespaces', '-o', 'name'],
    ['get', 'pods,serviceaccounts', '-n', namespace, '-o', 'name'],
  ]
  const lines = (await Promise.all(listings.map((args) => kubectl(args)))).join('\n').split('\n')
  return lines.filter((line) => line.includes('matrix'))
}

describe('make matrix', () => {
  let folder: string
  let result: RunResult
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'secure-signing-'))
    const env = { ...process.env, OUT: folder, NO_COLOR: '1', FORCE_COLOR: undefined }
    result = await tryRun(process.execPath, [program], { env, timeoutMs: PODS_MS })
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('exits with 0 if every cell is as declared, and prints a row for each caller', () => {
    expect({ code: result.code, stderr: result.stderr }).toMatchObject({ code: 0 })
    for (const { id } of callers) expect(result.stdout).toMatch(new RegExp(`^${id} `, 'm'))
    expect(result.stdout.trim().split('\n').at(-1)).toMatch(/^holds: .* 0 unauthorized signatures$/)
  })
  test('writes every cell as JSON', async () => {
    const report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'))
    const declared = callers.flatMap((caller) =>
      requests.filter((request) => declare(caller.id, request.id) !== undefined),
    )
    expect(report.cells).toHaveLength(declared.length)
    expect(report.unauthorizedSignatures).toBe(0)
    expect(report.seconds).toBeLessThan(60)
  })
  test('writes a picture', async () => {
    const picture = await readFile(join(folder, 'matrix.svg'), 'utf8')
    expect(picture).toMatch(/^<svg .*holds: .*<\/svg>\n$/s)
  })
  test('removes its resources', async () => expect(await listOrphans()).toEqual([]))
})

test('make matrix removes its resources after an interruption', async () => {
  const child = spawn(process.execPath, [program], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  await waitFor(
    async () => (await exists(['namespace', 'signing-matrix-other'])) || undefined,
    PODS_MS,
    () => 'make matrix creates no namespace',
  )
  child.kill('SIGINT')
  expect(await ended).toEqual([130, null])
  expect(await listOrphans()).toEqual([])
})
