// Lets istiod fetch the API server's keys, as a platform team does it, and asks istiod how that goes.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { deleteResources } from '../../../tools/kube/deletion/delete-resources.ts'
import { kubectl, kubectlJson } from '../../../tools/kube/kubectl.ts'
import { startPortForward } from '../../../tools/kube/port-forward.ts'
import { PKI } from '../../../tools/local-cluster/paths.ts'

/** Where the API server publishes its keys, by a name in its certificate. */
export const tokenKeysUri = 'https://kubernetes.default.svc/openid/v1/jwks'
/** How often istiod fetches in these tests. The default is 20 minutes. */
export const FETCH_SECONDS = 15

const istiod = ['deployment/istiod', '-n', 'istio-system']
const ROLLOUT_MS = 120_000
const template = z.object({ spec: z.object({ template: z.looseObject({}) }) })
const authority = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'pilot-jwks-extra-cacerts', namespace: 'istio-system' },
}
const anonymous = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'token-keys-for-everyone' },
  roleRef: {
    apiGroup: 'rbac.authorization.k8s.io',
    kind: 'ClusterRole',
    name: 'system:service-account-issuer-discovery',
  },
  subjects: [
    { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:unauthenticated' },
  ],
}

/** Does what Helm's pilot.jwksResolverExtraRootCA does, and lets anyone read the keys. Returns what undoes it. */
export async function letIstiodFetch(): Promise<() => Promise<void>> {
  const { spec } = await kubectlJson(template, ['get', ...istiod, '-o', 'json'])
  const data = { 'extra.pem': await readFile(join(PKI, 'ca.crt'), 'utf8') }
  await create({ ...authority, data })
  await publishKeys()
  const container = {
    name: 'discovery',
    env: [{ name: 'PILOT_JWT_PUB_KEY_REFRESH_INTERVAL', value: `${FETCH_SECONDS}s` }],
    volumeMounts: [{ name: 'extracacerts', mountPath: '/cacerts' }],
  }
  const volumes = [{ name: 'extracacerts', configMap: { name: authority.metadata.name } }]
  const changed = { spec: { template: { spec: { containers: [container], volumes } } } }
  await kubectl(['patch', ...istiod, '-p', JSON.stringify(changed)])
  await waitForIstiod()
  return async () => {
    const undo = [{ op: 'replace', path: '/spec/template', value: spec.template }]
    await kubectl(['patch', ...istiod, '--type=json', '-p', JSON.stringify(undo)])
    await waitForIstiod()
    await deleteResources([authority, anonymous])
  }
}

export const publishKeys = () => create(anonymous)
export const hideKeys = () => deleteResources([anonymous])

export async function restartIstiod(): Promise<void> {
  await kubectl(['rollout', 'restart', ...istiod])
  await waitForIstiod()
}

/** Returns how often istiod fetched keys, and failed to. */
export async function countFetches(): Promise<{ succeeded: number; failed: number }> {
  const { port, stop } = await startPortForward(istiod, 15014)
  try {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    const read = (result: string) =>
      Number(
        new RegExp(`^pilot_jwks_resolver_network_fetch_${result}_total (\\d+)`, 'm').exec(
          text,
        )?.[1] ?? 0,
      )
    return { succeeded: read('success'), failed: read('fail') }
  } finally {
    stop()
  }
}

async function create(resource: object): Promise<void> {
  await kubectl(['apply', '-f', '-'], { input: JSON.stringify(resource) })
}

async function waitForIstiod(): Promise<void> {
  await kubectl(['rollout', 'status', ...istiod], { timeoutMs: ROLLOUT_MS })
}
