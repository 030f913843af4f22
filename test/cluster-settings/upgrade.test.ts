// The upgrade from version 0.1 and the way back, under load. The caller token changes its header, and mesh resources change
// their names.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { run } from '../../tools/cli/exec.ts'
import { readKeys } from '../../tools/deploy/keys/hmac-key.ts'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { deployment, namespace } from '../../tools/kube/names.ts'
import { withGateway } from '../../tools/verify/attack/gateway.ts'
import { deploy } from '../support/cluster/deployment.ts'
import {
  applyPreviousVersion,
  deployPreviousVersion,
  renderPreviousVersion,
} from '../support/cluster/previous-version.ts'
import { underLoad } from '../support/cluster/signing.ts'
import { sendHeaders } from '../support/gateway-requests.ts'
import { needsLocalCluster } from '../support/skips.ts'

const withBearer = async () => {
  const headers = { authorization: 'Bearer of-a-client' }
  return (await withGateway((place) => sendHeaders(place, headers))).status
}
const list = async (kinds: string) =>
  (await kubectl(['get', kinds, '-n', namespace, '-o', 'name']))
    .trim()
    .split('\n')
    .map((name) => name.replace(/^.*\//, ''))
const listTokenRules = () => list('requestauthentications')
/** What selects the Pods, without the token rule. */
const listPolicies = () => list('authorizationpolicies,peerauthentications,sidecars')
const ofThisVersion = [
  ...['signer-allow-caller', 'signer-allow-gateway', 'signer-allow-metrics'],
  ...['signer-allow-nothing', 'signer-allow-probe', 'signer-deny-others'],
  ...['signer-require-mtls', 'signer'],
]

/** Reads the commands of the changelog that go back: those before `make deploy` of the other version, and those after it. */
async function readRollback(): Promise<[before: string, after: string]> {
  const changelog = await readFile(join(CHECKOUT, 'CHANGELOG.md'), 'utf8')
  const blocks = [...changelog.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = '']) => text)
  const block = blocks.find((each) => each.includes('make deploy FORCE_CONFLICTS=yes')) ?? ''
  const [before = '', after = ''] = block.split(/^make deploy .*\n/m)
  return [before, after]
}

/** Waits until the Pods of this version are gone. */
async function waitForNoPods(selector: string): Promise<void> {
  const args = ['wait', 'pod', '-l', selector, '-n', namespace, '--for=delete']
  await kubectl([...args, '--timeout=120s'], { timeoutMs: 130_000 })
}

/** The other version has taken over fields. */
async function upgradeAgain(): Promise<void> {
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
    expect(await listTokenRules()).toEqual(['signer-authenticate-caller'])
    expect(await listPolicies()).toEqual(ofThisVersion)
    expect(await withBearer()).toBe(200)
  })

  test('refuses a Pod without the label once the upgrade is complete', async () => {
    const undo = ['rollout', 'undo', 'deployment', deployment, '-n', namespace]
    await expect(kubectl(undo)).rejects.toThrow('must have the label secure-signing.dev/protected')
  })

  test('returns by the commands of the changelog, and no request fails', async () => {
    const [before, after] = await readRollback()
    const runAll = (commands: string) => run('bash', ['-ec', commands], { timeoutMs: 60_000 })
    const previous = await renderPreviousVersion()
    const summary = await underLoad('rolled back', keys, async () => {
      await runAll(before)
      await applyPreviousVersion(previous)
      await waitForNoPods('secure-signing.dev/protected=true')
      await runAll(after)
    })
    expect(summary).toMatchObject({ failed: 0 })
    expect(await listTokenRules()).toEqual(['verify-caller-token'])
    expect(await withBearer()).toBe(401)
  })

  test('is replaced once more', async () => {
    const summary = await underLoad('upgraded again', keys, upgradeAgain)
    expect(summary).toMatchObject({ failed: 0 })
    expect(await listTokenRules()).toEqual(['signer-authenticate-caller'])
    expect(await withBearer()).toBe(200)
  })
})
