// A release without a clone: the commands of its README deploy it, and its gateway signs. make deploy and kubectl continue each
// other's deployment.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { type RunResult, run, tryRun } from '../../tools/cli/exec.ts'
import { readVariable } from '../../tools/cli/make-variables.ts'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { namespace } from '../../tools/kube/names.ts'
import { writeManifests } from '../../tools/release/manifests.ts'
import { ROLLOUT_MS } from '../../tools/verify/faults/support/timeouts.ts'
import { makeFolder } from '../support/folder.ts'
import { listOf } from '../support/pages/commands.ts'
import { fillIn } from '../support/release/filled-manifests.ts'
import { nameByDigest } from '../support/release/node-images.ts'
import { needsLocalCluster } from '../support/skips.ts'

const make = (...args: string[]) => tryRun('make', args, { cwd: CHECKOUT, timeoutMs: ROLLOUT_MS })
const succeed = ({ code, stderr }: RunResult) => expect({ code, stderr }).toMatchObject({ code: 0 })

/** Longer than a Pod takes to become ready. */
const wrongMs = 20_000

/** Returns the status of a message through the gateway. */
async function send(): Promise<number> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ message: 'hello' })
  const url = `${readVariable('GATEWAY_URL')}/process`
  return fetch(url, { method: 'POST', headers, body }).then(({ status }) => status)
}

describe('a release without a clone', needsLocalCluster, () => {
  let folder = ''
  let commands: string[] = []
  /** Runs the command of the README that begins with `start`, in its folder. */
  const follow = (start: string) => {
    const found = commands.filter((each) => each.startsWith(start))
    if (found[0] === undefined) throw new Error(`the README has no command ${start}`)
    return run('bash', ['-euo', 'pipefail', '-c', found[0]], { cwd: folder })
  }
  const apply = () => follow('kubectl apply --server-side')
  const readImages = async () => {
    const path = 'jsonpath={.spec.template.spec.containers[*].image}'
    return kubectl(['get', 'deployment', 'secure-signing', '-n', namespace, '-o', path])
  }

  beforeAll(async () => {
    folder = join(await makeFolder(), 'manifests')
    await writeManifests(folder, await nameByDigest())
    commands = listOf(await readFile(join(folder, 'README.md'), 'utf8'))
    succeed(await make('undeploy', 'DELETE_KEY=yes'))
  })
  afterAll(async () => {
    succeed(await make('deploy', 'FORCE_CONFLICTS=yes'))
  })

  test('changes nothing until the values are filled in', async () => {
    await expect(apply()).rejects.toThrow('fieldPath `data.gatewayPrincipal` is missing')
    expect(await kubectl(['get', 'namespace', namespace, '--ignore-not-found'])).toBe('')
  })

  test('deploys by the commands of its README, and the images have digests', async () => {
    const issuer = await follow('kubectl get --raw /.well-known')
    const tokenIssuer = /^"issuer":"(.*)"$/.exec(issuer.trim())?.[1] ?? ''
    const [, gateway = ''] = (await follow('kubectl get pods -A -l istio=ingress')).split('\n')
    const [space, account] = gateway.trim().split(/\s+/)
    await fillIn(join(folder, 'default'), {
      tokenIssuer,
      tokenKeys: (await follow('kubectl get --raw /openid')).trim(),
      requestPrincipal: `${tokenIssuer}/system:serviceaccount:signing:secure-signing`,
      gatewayPrincipal: `cluster.local/ns/${space}/sa/${account}`,
    })
    await follow('kubectl create namespace')
    await follow('kubectl create secret')
    await apply()
    await follow('kubectl rollout status')
    expect(await readImages()).toMatch(
      /^localhost\S+@sha256:[0-9a-f]{64} localhost\S+@sha256:[0-9a-f]{64}$/,
    )
  })

  test('signs as OpenSSL does, and for no caller but the declared ones', async () => {
    succeed(await make('smoke'))
    const { code, stdout, stderr } = await make('matrix')
    expect({ code, stdout, stderr }).toMatchObject({ code: 0 })
    expect(stdout.trim().split('\n').at(-1)).toMatch(/^holds: .* 0 unauthorized signatures$/)
  })

  test.each([
    ['trust domain', /cluster\.local(?=\/ns\/signing)/g, 503],
    ['issuer', /(?<=Issuer: |Principal: )https:/g, 503],
    ['gateway', /istio-ingressgateway-service-account/g, 403],
  ])('with a wrong %s nothing is signed', async (_, wrong, status) => {
    const file = join(folder, 'default/cluster-values.yaml')
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replaceAll(wrong, 'wrong'))
    await apply()
    await writeFile(file, text)
    await kubectl(['delete', 'pods', '--all', '--wait', '-n', namespace])
    const seen = new Set<number>()
    for (const end = Date.now() + wrongMs; Date.now() < end; await sleep(500)) {
      seen.add(await send())
    }
    expect(seen).not.toContain(200)
    expect(await send()).toBe(status)
    await apply()
    await follow('kubectl rollout status')
    await expect.poll(send, { timeout: wrongMs }).toBe(200)
  })

  test('is continued by make deploy, which keeps the key', async () => {
    const before = await kubectl(['get', 'secret', 'hmac-key', '-n', namespace, '-o', 'yaml'])
    const { code, stderr } = await make('deploy')
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(stderr).not.toMatch(/FORCE_CONFLICTS|a new random key/)
    expect(await readImages()).not.toContain('@sha256:')
    const after = await kubectl(['get', 'secret', 'hmac-key', '-n', namespace, '-o', 'yaml'])
    expect(after).toBe(before)
  })

  test('continues a deployment of make deploy', async () => {
    await apply()
    await follow('kubectl rollout status')
    expect(await readImages()).toContain('@sha256:')
    succeed(await make('smoke'))
  })

  test('without the field manager, make deploy names the conflict and the way out', async () => {
    succeed(await make('deploy'))
    await kubectl(['apply', '-k', join(folder, 'default')])
    await follow('kubectl rollout status')
    const { code, stderr } = await make('deploy')
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('To take them over, add FORCE_CONFLICTS=yes'),
    })
    succeed(await make('deploy', 'FORCE_CONFLICTS=yes'))
  })
})
