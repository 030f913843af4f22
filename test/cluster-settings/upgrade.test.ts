// The upgrade from version 0.1 and the way back, under load. The caller token changes its header, and mesh resources change
// their names.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { run } from '../../tools/cli/exec.ts'
import { readKeys } from '../../tools/deploy/keys/hmac-key.ts'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { namespace } from '../../tools/kube/names.ts'
import { withGateway } from '../../tools/verify/attack/gateway.ts'
import { deploy } from '../support/cluster/deployment.ts'
import {
  deployPreviousVersion,
  replaceProgram,
  waitForRollout,
} from '../support/cluster/previous-version.ts'
import { underLoad } from '../support/cluster/signing.ts'
import { sendHeaders } from '../support/gateway-requests.ts'
import { needsLocalCluster } from '../support/skips.ts'

const withBearer = async () => {
  const headers = { authorization: 'Bearer of-a-client' }
  return (await withGateway((place) => sendHeaders(place, headers))).status
}
const listTokenRules = async () =>
  (await kubectl(['get', 'requestauthentications', '-n', namespace, '-o', 'name']))
    .trim()
    .split('\n')
    .map((name) => name.replace(/^.*\//, ''))

/** Reads the commands of the changelog that go back without a deployment. */
async function readRollback(): Promise<string> {
  const changelog = await readFile(join(CHECKOUT, 'CHANGELOG.md'), 'utf8')
  const blocks = [...changelog.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = '']) => text)
  return blocks.find((each) => each.includes('rollout undo')) ?? ''
}

/** `kubectl rollout undo` has taken the fields that it restored. */
async function upgradeAgain(): Promise<void> {
  await replaceProgram()
  await deploy({ FORCE_CONFLICTS: 'yes' })
}

describe('version 0.1', needsLocalCluster, () => {
  let keys: Map<string, Uint8Array>

  beforeAll(async () => {
    keys = await readKeys()
    await deployPreviousVersion()
  })
  afterAll(upgradeAgain)

  test('refuses a client with a Bearer token', async () => {
    expect(await listTokenRules()).toEqual(['verify-caller-token'])
    expect(await withBearer()).toBe(401)
  })

  test('is replaced by make deploy, and no request fails', async () => {
    const summary = await underLoad('upgraded', keys, () => deploy({}))
    expect(summary).toMatchObject({ failed: 0 })
    expect(await listTokenRules()).toEqual(['authenticate-caller'])
    expect(await withBearer()).toBe(200)
  })

  test('returns by the commands of the changelog, and no request fails', async () => {
    const commands = await readRollback()
    const summary = await underLoad('rolled back', keys, async () => {
      await run('bash', ['-ec', commands], { timeoutMs: 60_000 })
      await waitForRollout()
    })
    expect(summary).toMatchObject({ failed: 0 })
    expect(await listTokenRules()).toEqual(['authenticate-caller', 'verify-caller-token'])
    expect(await withBearer()).toBe(401)
  })

  test('is replaced once more', async () => {
    const summary = await underLoad('upgraded again', keys, upgradeAgain)
    expect(summary).toMatchObject({ failed: 0 })
    expect(await listTokenRules()).toEqual(['authenticate-caller'])
    expect(await withBearer()).toBe(200)
  })
})
