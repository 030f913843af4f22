// OVERLAY=no-mesh on a live cluster: with Istio the Pods get no sidecar, and without Istio everything works. Only the mounts
// and the pairing protect the signer.

import { spawn } from 'node:child_process'
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tryRun } from '../../tools/cli/exec.ts'
import { readKeys } from '../../tools/deploy/keys/hmac-key.ts'
import { exists, kubectl } from '../../tools/kube/kubectl.ts'
import { deployment, keySecret, namespace } from '../../tools/kube/names.ts'
import { startPortForward } from '../../tools/kube/port-forward.ts'
import type { Container } from '../../tools/verify/attack/containers.ts'
import { describeOutcome, signParts, writeRequest } from '../../tools/verify/attack/requests.ts'
import { startLoad } from '../../tools/verify/faults/load/start-load.ts'
import { checkSignatures, summarize } from '../../tools/verify/faults/summarize.ts'
import { findInContainer, killProcess } from '../../tools/verify/faults/support/node.ts'
import { toPod } from '../../tools/verify/faults/support/pods.ts'
import { sendProbes } from '../support/attack/send.ts'
import { cleanUp } from '../support/clean-up.ts'
import { runMake } from '../support/cluster/make.ts'
import { needsLocalCluster } from '../support/skips.ts'
import { otherPod, removeClients, sameAccount, startClients } from './support/clients.ts'
import { askSocket, readPairingSecret } from './support/paired-request.ts'

const overlay = 'OVERLAY=no-mesh'
const succeed = async (...args: string[]) => {
  const result = await runMake(...args)
  expect(result).toMatchObject({ code: 0 })
  return result.said
}
const listContainerNames = ({ spec }: { spec: object }) => {
  const { containers, initContainers = [] } = Object(spec)
  return [...initContainers, ...containers].map(({ name }: { name: string }) => name)
}

/** Returns the only Pod that does not terminate. */
async function readPod() {
  const args = ['get', 'pods', '-n', namespace, '-l', `app=${deployment}`, '-o', 'json']
  const { items } = JSON.parse(await kubectl(args))
  const pods = items.filter(
    ({ metadata }: { metadata: object }) => !('deletionTimestamp' in metadata),
  )
  expect(pods).toHaveLength(1)
  return pods[0]
}

describe('the layout no-mesh', needsLocalCluster, () => {
  beforeAll(async () => {
    const refused = await runMake('deploy', overlay)
    expect(refused.code).not.toBe(0)
    expect(refused.said).toContain('the overlay "default" is deployed, not "no-mesh"')
    const kept = await runMake('cluster', overlay)
    expect(kept.code).not.toBe(0)
    expect(kept.said).toMatch(/these Pods run with Istio's proxy: signing\/secure-signing-/)
    await succeed('undeploy')
  })
  afterAll(async () => {
    await runMake('undeploy')
    await succeed('cluster')
    await succeed('deploy')
  })

  test('on a cluster with Istio, the Pod gets no sidecar, and the signature is right', async () => {
    await succeed('deploy', overlay)
    expect(listContainerNames(await readPod())).toEqual(['frontend', 'signer'])
    expect(await succeed('smoke')).toMatch(/^ok: signed by each Pod .* equal to OpenSSL's HMAC/m)
    const refused = await runMake('deploy')
    expect(refused.said).toContain('the overlay "no-mesh" is deployed, not "default"')
    await succeed('undeploy')
  })

  describe('on a cluster without Istio', () => {
    let pod: Awaited<ReturnType<typeof readPod>>
    let application: Container
    let deployed: string

    beforeAll(async () => {
      await succeed('cluster', overlay)
      deployed = await succeed('deploy', overlay)
      pod = await readPod()
      application = { namespace, pod: pod.metadata.name, container: 'frontend' }
      await startClients(pod.spec.containers[0].image)
    })
    afterAll(removeClients)

    test('nothing of Istio is there, and every target says so or works', async () => {
      expect(
        await kubectl(['api-resources', '--api-group=networking.istio.io', '-o', 'name']),
      ).toBe('')
      expect(await exists(['namespace', 'istio-system'])).toBe(false)
      expect(await succeed('cluster-status')).toMatch(/^up {4}Istio: not installed/m)
      expect(await succeed('analyze', overlay, 'LIVE=yes')).toContain('no findings')
      expect(await succeed('deploy', overlay)).toMatch(/^unchanged$/m)
      const renewed = await runMake('renew-token-keys')
      expect(renewed.code).not.toBe(0)
      expect(renewed.said).toContain('this cluster has no Istio, so nothing verifies caller tokens')
    })

    test('a deployment ends with commands that send a message, and they do', async () => {
      const [, forward = ''] = /^Run this in another terminal: (kubectl .*)$/m.exec(deployed) ?? []
      const [curl = ''] = /^curl .*$/m.exec(deployed) ?? []
      const child = spawn('sh', ['-c', `exec ${forward}`], { stdio: 'ignore' })
      cleanUp(() => child.kill())
      const answer = await waitForOutput(curl)
      expect(JSON.parse(answer)).toMatchObject({ processed_message: 'HELLO', key_id: 'key-1' })
    })

    test('the signature of each Pod is the one that OpenSSL computes', async () => {
      expect(await succeed('smoke')).toMatch(/^ok: signed by each Pod .* equal to OpenSSL's HMAC/m)
    })

    describe('at the socket, code in the application container', () => {
      let pairing: KeyObject
      beforeAll(async () => {
        pairing = await readPairingSecret(application)
      })

      test('gets a signature with the pairing secret', async () => {
        const { status, body } = await askSocket(application, {}, pairing)
        expect({ status, body }).toMatchObject({ status: 200, body: { key_id: 'key-1' } })
      })

      test.each<[string, () => ReturnType<typeof askSocket>]>([
        ['no pairing signature', () => askSocket(application)],
        [
          'a signature by another secret',
          () => askSocket(application, {}, createSecretKey(randomBytes(32))),
        ],
        [
          'a signature of another body',
          () => askSocket(application, { ...replay(pairing), body: '{"message":"others"}' }),
        ],
      ])('is refused with %s', async (_, ask) => {
        const { status, body } = await ask()
        expect({ status, body }).toMatchObject({ status: 403, body: { code: 'pairing_refused' } })
      })

      test('cannot replace the socket, and the Pod listens on the port of the application alone', async () => {
        const { replaced, ports } = await askSocket(application)
        for (const result of Object.values(replaced)) expect(result).toBe('EROFS')
        expect(ports).toEqual([8080])
      })
    })

    test.each([
      ['a Pod with the same ServiceAccount', sameAccount],
      ['a Pod of another namespace', otherPod],
    ])('%s reaches the application, and nothing of the signer', async (_, from) => {
      const host = pod.status.podIP
      const bytes = writeRequest()
      const outcomes = await sendProbes(from, {
        application: { host, port: 8080, bytes: writeRequest({ path: '/process', host }) },
        'path of the signer': { host, port: 8080, bytes },
        'port of the signer': { host, port: 8081, bytes },
        'port of the signer at the Service': { host: `frontend.${namespace}`, port: 8081, bytes },
      })
      const seen = Object.entries(outcomes).map(([name, each]) => [name, describeOutcome(each)])
      expect(Object.fromEntries(seen)).toEqual({
        application: '200',
        'path of the signer': '404',
        'port of the signer': 'not connected',
        'port of the signer at the Service': expect.stringMatching(/not connected|timeout/),
      })
    })

    test('after a restart of the signer, the application reads the new pairing secret', async () => {
      const before = await readPairingSecret(application)
      await killProcess(await findInContainer(toPod(pod), 'signer', 'node'))
      await waitUntilRestarted('signer')
      const { said, code } = await runMake('smoke')
      expect({ said, code }).toMatchObject({ code: 0 })
      const after = await readPairingSecret(application)
      expect(after.equals(before)).toBe(false)
      expect((await askSocket(application, {}, before)).status).toBe(403)
      expect((await askSocket(application, {}, after)).status).toBe(200)
      expect(await countRestarts('frontend')).toBe(0)
    })

    test('rotates the key under load, and no request fails', async () => {
      const keys = new Map(await readKeys())
      const forward = await startPortForward(['-n', namespace, 'service/frontend'], 8080)
      cleanUp(forward.stop)
      const url = `http://127.0.0.1:${forward.port}`
      const start = Date.now()
      const load = startLoad({ spec: { kind: 'public', url }, perSecond: 50 })
      try {
        await sleep(2_000)
        expect(await succeed('rotate-key', 'OVERLAP=1s')).toMatch(/^key-2 signs\./m)
        for (const [id, key] of await readKeys()) keys.set(id, key)
        await sleep(2_000)
        expect(await succeed('rotate-key')).toMatch(/^key-1 is retired/m)
      } finally {
        await load.stop()
      }
      const summary = summarize(checkSignatures(await load.stop(), keys), start)
      const { requests, failed, how } = summary
      console.info(`rotated: ${requests} requests, ${failed} failed ${JSON.stringify(how)}`)
      expect(summary).toMatchObject({ failed: 0 })
      expect(requests).toBeGreaterThan(500)
      expect(await succeed('smoke')).toContain('with key "key-2"')
    })

    test('undeploy removes everything but the key, its namespace and the admission policies', async () => {
      await removeClients()
      const said = await succeed('undeploy')
      expect(said).toContain(`the key in its Secret ${keySecret}`)
      const kinds = 'deployments,pods,services,networkpolicies,secrets'
      const left = await kubectl(['get', kinds, '-n', namespace, '-o', 'name'])
      expect(left.trim()).toBe(`secret/${keySecret}`)
      expect(await kubectl(['get', 'validatingadmissionpolicies', '-o', 'name'])).toContain(
        'secure-signing-key-stays-in-signer',
      )
      await succeed('deploy', overlay)
      expect(await succeed('smoke')).toContain('with key "key-2"')
    })
  })
})

/** The headers of a request that is signed, to send with another body. */
function replay(pairing: KeyObject) {
  return { headers: signParts(pairing).headers ?? {} }
}

async function waitForOutput(command: string): Promise<string> {
  for (;;) {
    const { code, stdout } = await tryRun('sh', ['-c', command])
    if (code === 0) return stdout
    await sleep(250)
  }
}

async function countRestarts(container: string): Promise<number> {
  return toPod(await readPod()).containers[container]?.restarts ?? 0
}

async function waitUntilRestarted(container: string): Promise<void> {
  while ((await countRestarts(container)) === 0) await sleep(250)
}
