// Our frontend, the Flask example and the Go example, each with a signer of its own, in three namespaces of one cluster.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { computeOpensslHmac } from '../../tools/deploy/openssl-hmac.ts'
import { needsLocalCluster } from '../support/skips.ts'
import { applications, names, runProgram } from './support/applications.ts'
import { ask, readKeysOf } from './support/signed-requests.ts'

describe.each(names)('%s', needsLocalCluster, (name) => {
  const application = applications[name]

  test("gets the signature that OpenSSL computes from its namespace's Secret", async () => {
    const { outcome, signed } = await ask(application)
    expect(outcome).toBe('signed')
    const key = (await readKeysOf(application)).get(signed?.keyId ?? '') ?? Buffer.alloc(0)
    const expected = await computeOpensslHmac(key, Buffer.from(signed?.message ?? ''))
    expect(signed?.signature).toBe(expected)
  })

  test('make smoke agrees', async () => {
    expect(await runProgram('tools/deploy/smoke.ts', name)).toMatch(
      /^ok: signed through the gateway with key ".+", equal to OpenSSL's HMAC/,
    )
  })

  describe('make matrix', () => {
    let folder: string
    let said: string
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'secure-signing-'))
      said = await runProgram('tools/verify/matrix/matrix.ts', name, { OUT: folder })
    })
    afterAll(() => rm(folder, { recursive: true }))

    test('finds every cell as declared, and no unauthorized signature', async () => {
      const verdict = said.trim().split('\n').at(-1)
      console.info(`${name}: ${verdict}`)
      expect(verdict).toMatch(/^holds: (\d+) of \1 as declared, .* 0 unauthorized signatures$/)
      const report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'))
      expect(report.cells.length).toBeGreaterThan(30)
      expect(report.unauthorizedSignatures).toBe(0)
    })
  })
})

test('each application has a key of its own', needsLocalCluster, async () => {
  const keys = await Promise.all(names.map((name) => readKeysOf(applications[name])))
  const all = keys.flatMap((each) => [...each.values()].map((key) => key.toString('base64')))
  expect(all.length).toBeGreaterThanOrEqual(names.length)
  expect(new Set(all).size).toBe(all.length)
})

test('no application is served for the host of another', needsLocalCluster, async () => {
  const { publicHost } = applications.go
  const moved = { ...applications.flask, ...(publicHost !== undefined && { publicHost }) }
  expect((await ask(moved)).outcome).toMatch(/^404/)
})
