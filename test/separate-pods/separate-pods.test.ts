// OVERLAY=separate-pods on the live cluster: each caller gets what is declared for separate Pods.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { type RunResult, tryRun } from '../../tools/cli/exec.ts'
import { readKeys } from '../../tools/deploy/keys/hmac-key.ts'
import { separatePods } from '../../tools/kube/layouts.ts'
import { ROLLOUT_MS } from '../../tools/verify/faults/support/timeouts.ts'
import type { Report } from '../../tools/verify/matrix/report.ts'
import { deleteResources, listOfKind } from '../support/attack/deletions.ts'
import { testClientCredentials } from '../support/client-credentials.ts'
import { deploy } from '../support/cluster/deployment.ts'
import { deployPreviousVersion } from '../support/cluster/previous-version.ts'
import { underLoad } from '../support/cluster/signing.ts'
import { makeFolder } from '../support/folder.ts'
import { testFreeze } from '../support/freeze/freeze-tests.ts'
import { needsLocalCluster } from '../support/skips.ts'

const policyKinds = ['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication']
const make = (...args: string[]) => tryRun('make', args, { cwd: CHECKOUT, timeoutMs: ROLLOUT_MS })
const succeed = ({ code, stderr }: RunResult) => expect({ code, stderr }).toMatchObject({ code: 0 })

describe('frontend and signer as separate Pods', needsLocalCluster, () => {
  beforeAll(async () => {
    const refused = await make('deploy', 'OVERLAY=separate-pods')
    expect(refused.stderr).toContain('the overlay "default" is deployed, not "separate-pods"')
    succeed(await make('undeploy'))
    succeed(await make('deploy', 'OVERLAY=separate-pods'))
  })
  afterAll(async () => {
    succeed(await make('undeploy'))
    succeed(await make('deploy'))
  })

  test('each caller gets what is declared for separate Pods', async () => {
    const { code, stdout, stderr } = await make('matrix')
    expect({ code, stdout, stderr }).toMatchObject({ code: 0 })
    expect(stdout).toMatch(/^signer-account /m)
    expect(stdout.trim().split('\n').at(-1)).toMatch(/^holds: .* 0 unauthorized signatures$/)
  })

  test('a public client gets the signature that OpenSSL computes', async () =>
    succeed(await make('smoke')))

  testClientCredentials()

  testFreeze({ keys: readKeys })

  test('replaces version 0.1, and no request fails', async () => {
    await deployPreviousVersion(separatePods)
    const overlay = { OVERLAY: separatePods.overlay }
    const summary = await underLoad('upgraded', await readKeys(), () => deploy(overlay))
    expect(summary).toMatchObject({ failed: 0 })
  })

  test('with every policy of the mesh deleted, the signer still refuses other callers', async () => {
    const folder = await makeFolder()
    try {
      for (const kind of policyKinds) await deleteResources(await listOfKind(kind))
      expect((await make('matrix', `OUT=${folder}`)).code).not.toBe(0)
    } finally {
      succeed(await make('deploy', 'OVERLAY=separate-pods'))
    }
    const { cells }: Report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'))
    const seen = (caller: string, request: string) =>
      cells.find((cell) => cell.caller === caller && cell.request === request)?.seen
    for (const caller of [
      ...['signer-account', 'other-account', 'other-namespace', 'other-namespace-forged'],
      'non-mesh',
    ]) {
      for (const request of ['sign', 'batch', 'verify', 'keys']) {
        expect([caller, request, seen(caller, request)]).toEqual([caller, request, 'caller'])
      }
      // Nothing else refuses them.
      expect([caller, seen(caller, 'readyz')]).toEqual([caller, 'served'])
    }
    expect(seen('frontend', 'sign')).toBe('served')
  })
})
