// make matrix as a user runs it: its output, its files, and that it leaves nothing behind.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { type RunResult, tryRun } from '../../tools/cli/exec.ts'
import { exists, kubectl } from '../../tools/kube/kubectl.ts'
import { namespace } from '../../tools/kube/names.ts'
import { PODS_MS } from '../../tools/verify/attack/timeouts.ts'
import { waitFor } from '../../tools/verify/attack/wait.ts'
import { callers, declare } from '../../tools/verify/matrix/declared.ts'
import { requests } from '../../tools/verify/matrix/declared-table.ts'
import { makeFolder } from '../support/folder.ts'

const program = join(CHECKOUT, 'tools/verify/matrix/matrix.ts')

async function listLeftovers(): Promise<string[]> {
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
    folder = await makeFolder()
    const env = { ...process.env, OUT: folder, NO_COLOR: '1', FORCE_COLOR: undefined }
    result = await tryRun(process.execPath, [program], { env, timeoutMs: PODS_MS })
  })

  test('ends with 0 where all is as declared, and prints a row for each caller', () => {
    expect({ code: result.code, stderr: result.stderr }).toMatchObject({ code: 0 })
    for (const { id } of callers) expect(result.stdout).toMatch(new RegExp(`^${id} `, 'm'))
    expect(result.stdout.trim().split('\n').at(-1)).toMatch(/^holds: .* 0 unauthorized signatures$/)
  })
  test('writes the same as JSON, every cell that there is', async () => {
    const report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'))
    const declared = callers.flatMap((caller) =>
      requests.filter((request) => declare(caller.id, request.id) !== undefined),
    )
    expect(report.cells).toHaveLength(declared.length)
    expect(report.unauthorizedSignatures).toBe(0)
    expect(report.seconds).toBeLessThan(60)
  })
  test('writes it as a picture', async () => {
    const picture = await readFile(join(folder, 'matrix.svg'), 'utf8')
    expect(picture).toMatch(/^<svg .*holds: .*<\/svg>\n$/s)
  })
  test('leaves nothing behind', async () => expect(await listLeftovers()).toEqual([]))
})

test('make matrix, interrupted, leaves nothing behind', async () => {
  const child = spawn(process.execPath, [program], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  await waitFor(
    async () => (await exists(['namespace', 'signing-matrix-other'])) || undefined,
    PODS_MS,
    () => 'no Pod to attack from is made',
  )
  child.kill('SIGINT')
  expect(await ended).toEqual([130, null])
  expect(await listLeftovers()).toEqual([])
})
