// OVERLAY=separate-pods on the live cluster, which takes the one Pod away and puts it back: the same question as everywhere, who
// gets a signature, and the answer that is declared for two Pods.
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunResult, tryRun } from '../../cli/exec.ts'
import { isLocalCluster } from '../policy/support/tokens.ts'
import { ROLLOUT_MS } from './support/timeouts.ts'

const cwd = resolve(import.meta.dirname, '../..')
/** As its user runs it. */
const make = (...args: string[]) => tryRun('make', args, { cwd, timeoutMs: ROLLOUT_MS })
const succeed = ({ code, stderr }: RunResult) => expect({ code, stderr }).toMatchObject({ code: 0 })

describe.skipIf(!isLocalCluster)('frontend and signer as separate Pods', () => {
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

  test('nobody gets more than is declared for two Pods', async () => {
    const { code, stdout, stderr } = await make('matrix')
    expect({ code, stdout, stderr }).toMatchObject({ code: 0 })
    expect(stdout).toMatch(/^impostor /m)
    expect(stdout.trim().split('\n').at(-1)).toMatch(/^holds: .* 0 signatures without right$/)
  })

  test("the world gets OpenSSL's signature", async () => succeed(await make('smoke')))
})
