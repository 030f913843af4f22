// A mutating webhook as platforms have them: a real HTTPS server that patches each new Pod of the namespace.
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { vi } from 'vitest'
import { run } from '../../../tools/cli/exec.ts'
import { namespace } from '../../../tools/kube/names.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import type { Api } from '../../../tools/verify/admission/api-server/api.ts'
import { makePod } from '../../../tools/verify/admission/pods.ts'
import { cleanUp } from '../clean-up.ts'
import { makeFolder } from '../folder.ts'

/** It finds out whether the API server calls the webhook. */
const probe = makePod({}, 'webhook-probe')
/** Changes the Pod in place. */
export type Mutation = (pod: ReturnType<typeof Object>) => void
type Options = {
  name?: string
  failurePolicy?: 'Fail' | 'Ignore'
  /** It stops to answer. */
  isDown?: boolean
}

/** Registers it at the API server, for as long as the test lasts. */
export async function serveWebhook(api: Api, mutate: Mutation, options: Options = {}) {
  const { name = 'agent', failurePolicy = 'Fail', isDown = false } = options
  const { key, cert } = await makeCertificate('IP:127.0.0.1')
  let isCalled = false
  const server = createServer({ key, cert }, async (request, response) => {
    const review = Object(await json(request))
    const { uid, object } = review.request
    isCalled = true
    const changed = structuredClone(object)
    if (object.metadata.name !== probe.metadata.name) mutate(changed)
    const patch = [{ op: 'replace', path: '', value: changed }]
    const answer = {
      ...{ uid, allowed: true, patchType: 'JSONPatch' },
      patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
    }
    response.setHeader('content-type', 'application/json')
    response.end(
      JSON.stringify({ apiVersion: review.apiVersion, kind: review.kind, response: answer }),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const metadata = { name: `${name}-webhook` }
  const path = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations'
  cleanUp(async () => {
    await api.send({ method: 'DELETE', path: `${path}/${metadata.name}` })
    server.closeAllConnections()
    server.close()
  })
  const webhook = {
    ...{ name: `${name}.platform.example`, failurePolicy, timeoutSeconds: 5 },
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    clientConfig: {
      url: `https://127.0.0.1:${port}/mutate`,
      caBundle: cert.toString('base64'),
    },
    rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
  }
  const configuration: Resource = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata,
    webhooks: [webhook],
  }
  await api.create(configuration)
  // The API server calls it some time later.
  await vi.waitUntil(async () => (await api.tryCreate(probe)) && isCalled, { timeout: 15_000 })
  if (isDown) {
    server.closeAllConnections()
    server.close()
  }
}

/** Makes a key and a certificate for a name such as "DNS:agent.platform.svc". */
export async function makeCertificate(name: string) {
  const folder = await makeFolder()
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(folder, name)) as [string, string]
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-days', '1', '-subj', '/CN=webhook', '-addext', `subjectAltName=${name}`],
    ...['-keyout', key, '-out', cert],
  ])
  return { key: await readFile(key), cert: await readFile(cert) }
}
