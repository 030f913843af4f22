// Attack 23: the frontend's token, and its position in the cluster, give no access to the API server.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { tryRun } from '../../../tools/cli/exec.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace, serviceAccount } from '../../../tools/kube/names.ts'
import { findTarget, stealCredentials } from '../../../tools/verify/attack/target.ts'
import { PROBE_MS } from '../../../tools/verify/attack/timeouts.ts'
import { nonMeshPod } from '../../support/attack/attackers.ts'
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

describe('code in the frontend container sends requests to the API server', () => {
  const batch = testAttackOnMesh<{ within: Attempt[]; outside: Attempt[] }>(
    async ({ frontend }, { token }) => {
      const input = { token, paths, timeoutMs: PROBE_MS }
      const ask = (from: typeof frontend) =>
        runIn<Attempt[]>(from, 'ask-api-server', 'askApiServer', input)
      return { within: await ask(frontend), outside: await ask(nonMeshPod) }
    },
  )

  test('cannot reach it from the Pod, because the proxy imports no such service', () => {
    expect(batch().outcomes.within).toHaveLength(2 * paths.length)
    for (const { result } of batch().outcomes.within) expect(result).not.toMatch(/^\d/)
  })
  test('is refused where there is a route, because the audience of the token is the signer', () => {
    expect(batch().outcomes.outside).toHaveLength(2 * paths.length)
    for (const { what, result } of batch().outcomes.outside) {
      expect(what.endsWith('with the token') ? ['401'] : ['401', '403']).toContain(result)
    }
  })
})

const rights = [
  ['get', 'secrets'],
  ['get', 'pods'],
  ['create', 'pods/exec'],
  ['create', 'serviceaccounts/token'],
] as const

describe('a user with the stolen token', () => {
  let kubeconfig: string

  beforeAll(async () => {
    const { token } = await stealCredentials(await findTarget())
    const args = ['config', 'view', '--raw', '--minify', '--flatten', '-o', 'json']
    const { clusters } = JSON.parse(await kubectl(args))
    kubeconfig = join(await makeFolder(), 'kubeconfig')
    const context = { cluster: clusters[0].name, user: 'thief', namespace }
    const config = {
      ...{ apiVersion: 'v1', kind: 'Config', clusters, 'current-context': 'thief' },
      users: [{ name: 'thief', user: { token } }],
      contexts: [{ name: 'thief', context }],
    }
    await writeFile(kubeconfig, stringify(config), { mode: 0o600 })
  })

  test.each(rights)('may not %s %s', async (verb, resource) => {
    const args = ['--kubeconfig', kubeconfig, 'auth', 'can-i', verb, resource]
    const { code, stderr } = await tryRun('kubectl', args, { timeoutMs: 10_000 })
    expect(code).toBe(1)
    expect(stderr).toMatch(/logged in|Unauthorized/)
  })
})

test.each([...rights, ['list', 'pods'] as const])(
  'the ServiceAccount itself may not %s %s',
  async (verb, resource) => {
    const who = `--as=system:serviceaccount:${namespace}:${serviceAccount}`
    const args = ['auth', 'can-i', verb, resource, who, '-n', namespace]
    const { code, stdout } = await tryRun('kubectl', args)
    expect({ code, answer: stdout.trim() }).toEqual({ code: 1, answer: 'no' })
  },
)
