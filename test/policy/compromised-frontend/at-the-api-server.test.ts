// Attack 23: what the frontend's token, and the Pod's place in the cluster, are worth at the API server: nothing.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { tryRun } from '../../../tools/cli/exec.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace, serviceAccount } from '../../../tools/kube/names.ts'
import { PROBE_MS } from '../../../tools/verify/attack/timeouts.ts'
import { nonMeshPod } from '../../support/attack/attackers.ts'
import { runBatch } from '../../support/attack/batch.ts'
import { testAttackOnMesh } from '../../support/attack/expectations.ts'
import type { Attempt } from '../../support/compromise/escape.ts'
import { runIn } from '../../support/compromise/run-in.ts'
import { makeFolder } from '../../support/folder.ts'

const paths = [
  `GET /api/v1/namespaces/${namespace}/secrets`,
  `GET /api/v1/namespaces/${namespace}/secrets/hmac-key`,
  `GET /api/v1/namespaces/${namespace}/pods`,
  `POST /api/v1/namespaces/${namespace}/pods/x/exec?command=id&container=signer`,
  `POST /api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`,
]

describe('code in the frontend container asks the API server', () => {
  const batch = testAttackOnMesh<{ within: Attempt[]; outside: Attempt[] }>(
    async ({ frontend }, { token }) => {
      const input = { token, paths, timeoutMs: PROBE_MS }
      const ask = (from: typeof frontend) =>
        runIn<Attempt[]>(from, 'ask-api-server', 'askApiServer', input)
      return { within: await ask(frontend), outside: await ask(nonMeshPod) }
    },
  )

  test('is not even let out of the Pod: the proxy imports no such service', () => {
    expect(batch().outcomes.within).toHaveLength(2 * paths.length)
    for (const { result } of batch().outcomes.within) expect(result).not.toMatch(/^\d/)
  })
  test('is refused where there is a way: the token is made out to the signer', () => {
    expect(batch().outcomes.outside).toHaveLength(2 * paths.length)
    for (const { what, result } of batch().outcomes.outside) {
      expect(what.endsWith('with the token') ? ['401'] : ['401', '403']).toContain(result)
    }
  })
})

describe('whoever has the token', () => {
  test.each([
    ['get', 'secrets'],
    ['get', 'pods'],
    ['create', 'pods/exec'],
    ['create', 'serviceaccounts/token'],
  ])('may not %s %s with it', async (verb, resource) => {
    const file = join(await makeFolder(), 'kubeconfig')
    await runBatch(async (_, { token }) => {
      const args = ['config', 'view', '--raw', '--minify', '--flatten', '-o', 'json']
      const { clusters } = JSON.parse(await kubectl(args))
      const context = { cluster: clusters[0].name, user: 'thief', namespace }
      const config = {
        ...{ apiVersion: 'v1', kind: 'Config', clusters, 'current-context': 'thief' },
        users: [{ name: 'thief', user: { token } }],
        contexts: [{ name: 'thief', context }],
      }
      await writeFile(file, stringify(config), { mode: 0o600 })
      const ask = ['--kubeconfig', file, 'auth', 'can-i', verb, resource]
      const { code, stderr } = await tryRun('kubectl', ask, { timeoutMs: 10_000 })
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringMatching(/logged in|Unauthorized/),
      })
    })
  })

  test('may do nothing as the ServiceAccount itself, either', async () => {
    const who = `--as=system:serviceaccount:${namespace}:${serviceAccount}`
    const asked = [
      ['get', 'secrets'],
      ['list', 'pods'],
      ['create', 'pods/exec'],
      ['create', 'serviceaccounts/token'],
    ]
    for (const [verb = '', resource = ''] of asked) {
      const { code, stdout } = await tryRun('kubectl', [
        ...['auth', 'can-i', verb, resource, who, '-n', namespace],
      ])
      expect({ verb, resource, code, answer: stdout.trim() }).toEqual({
        ...{ verb, resource, code: 1, answer: 'no' },
      })
    }
  })
})
