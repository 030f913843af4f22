// OVERLAY=no-mesh on a live cluster: with Istio the Pod gets no sidecar, and without Istio every target works. Only the mounts
// and the pairing protect the signer.

import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tryRun } from '../../tools/cli/exec.ts'
import { readKeys } from '../../tools/deploy/keys/hmac-key.ts'
import { exists, kubectl } from '../../tools/kube/kubectl.ts'
import { keySecret, namespace } from '../../tools/kube/names.ts'
import { startPortForward } from '../../tools/kube/port-forward.ts'
import { startLoad } from '../../tools/verify/faults/load/start-load.ts'
import { checkSignatures, summarize } from '../../tools/verify/faults/summarize.ts'
import { cleanUp } from '../support/clean-up.ts'
import { runMake } from '../support/cluster/make.ts'
import { needsLocalCluster } from '../support/skips.ts'
import { testAdmission } from './support/admission-tests.ts'
import { removeClients, startClients } from './support/clients.ts'
import { type Deployed, overlay, readPod, readPrimary, succeed } from './support/deployed.ts'
import { testFlask } from './support/flask-tests.ts'
import { testSocket } from './support/socket-tests.ts'

const isCompared = /^ok: signed by each Pod .* equal to OpenSSL's HMAC/m

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

  test('on a cluster with Istio, the Pod gets no sidecar, and its signature is right', async () => {
    await succeed('deploy', overlay)
    expect(Object.keys((await readPod()).containers.containers)).toEqual(['frontend', 'signer'])
    expect(await succeed('smoke')).toMatch(isCompared)
    const refused = await runMake('deploy')
    expect(refused.said).toContain('the overlay "no-mesh" is deployed, not "default"')
    await succeed('undeploy')
  })

  describe('on a cluster without Istio', () => {
    let deployed: Deployed
    let said: string

    beforeAll(async () => {
      await succeed('cluster', overlay)
      said = await succeed('deploy', overlay)
      deployed = await readPod()
      await startClients(deployed.image)
    })
    afterAll(removeClients)

    test('nothing of Istio is there, and each target works or says so', async () => {
      const kinds = ['api-resources', '--api-group=networking.istio.io', '-o', 'name']
      expect(await kubectl(kinds)).toBe('')
      expect(await exists(['namespace', 'istio-system'])).toBe(false)
      expect(await succeed('cluster-status')).toMatch(/^up {4}Istio: not installed/m)
      expect(await succeed('analyze', overlay, 'LIVE=yes')).toContain('no findings')
      expect(await succeed('deploy', overlay)).toMatch(/^unchanged$/m)
      const measured = await runMake('matrix')
      expect(measured.code).not.toBe(0)
      expect(measured.said).toContain('the overlay no-mesh has no mesh')
      const renewed = await runMake('renew-token-keys')
      expect(renewed.code).not.toBe(0)
      expect(renewed.said).toContain('this cluster has no Istio, so nothing verifies caller tokens')
    })

    test('a deployment ends with commands that send a message', async () => {
      const [, forward = ''] = /^Run this in another terminal: (kubectl .*)$/m.exec(said) ?? []
      const [curl = ''] = /^curl .*$/m.exec(said) ?? []
      const child = spawn('sh', ['-c', `exec ${forward}`], { stdio: 'ignore' })
      cleanUp(() => child.kill())
      const answer = { processed_message: 'HELLO', key_id: await readPrimary() }
      expect(JSON.parse(await waitForOutput(curl))).toMatchObject(answer)
    })

    test('the signature of each Pod is the one that OpenSSL computes', async () => {
      expect(await succeed('smoke')).toMatch(isCompared)
    })

    testSocket(() => deployed)
    describe('admission', () => testAdmission(() => deployed))
    describe('the Flask example', testFlask)

    test('rotates the key under load, and no request fails', async () => {
      const keys = new Map(await readKeys())
      const before = await readPrimary()
      const forward = await startPortForward(['-n', namespace, 'service/frontend'], 8080)
      cleanUp(forward.stop)
      const url = `http://127.0.0.1:${forward.port}`
      const start = Date.now()
      const load = await startLoad({ spec: { kind: 'public', url }, perSecond: 50 })
      try {
        await sleep(2_000)
        expect(await succeed('rotate-key', 'OVERLAP=1h')).toMatch(/ signs\. Signatures made with /)
        for (const [id, key] of await readKeys()) keys.set(id, key)
        expect(await succeed('rotate-key', 'OVERLAP=1s')).toMatch(/ is retired/)
      } finally {
        await load.stop()
      }
      const summary = summarize(checkSignatures(await load.stop(), keys), start)
      const { requests, failed, how } = summary
      console.info(`rotated: ${requests} requests, ${failed} failed ${JSON.stringify(how)}`)
      expect(summary).toMatchObject({ failed: 0 })
      expect(requests).toBeGreaterThan(500)
      expect(await readPrimary()).not.toBe(before)
      expect(await succeed('smoke')).toContain(`with key "${await readPrimary()}"`)
    })

    test('undeploy leaves the key, its namespace and the admission policies', async () => {
      await removeClients()
      const removed = await succeed('undeploy')
      expect(removed).toContain(`the key in its Secret ${keySecret}`)
      const kinds = 'deployments,pods,services,networkpolicies,secrets'
      const left = await kubectl(['get', kinds, '-n', namespace, '-o', 'name'])
      expect(left.trim()).toBe(`secret/${keySecret}`)
      const policies = await kubectl(['get', 'validatingadmissionpolicies', '-o', 'name'])
      expect(policies).toContain('secure-signing-key-stays-in-signer')
      const before = await readPrimary()
      await succeed('deploy', overlay)
      expect(await succeed('smoke')).toContain(`with key "${before}"`)
    })
  })
})

async function waitForOutput(command: string): Promise<string> {
  for (;;) {
    const { code, stdout } = await tryRun('sh', ['-c', command])
    if (code === 0) return stdout
    await sleep(250)
  }
}
