// Gateways of others for the tests: with TLS by a private CA, and of both kinds.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { type RunResult, tryRun } from '../../../tools/cli/exec.ts'
import { defaultPrefix } from '../../../tools/images/image-references.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { NODE_IMAGE_FILE, PKI } from '../../../tools/local-cluster/paths.ts'
import { issueCertificate } from '../../../tools/local-cluster/pki.ts'
import { ROLLOUT_MS } from '../../../tools/verify/faults/support/timeouts.ts'
import { makeFolder } from '../folder.ts'

export const publicHost = 'signing.example'
/** The private CA of the certificates. */
export const privateCa = join(PKI, 'ca.crt')

type Metadata = {
  name: string
  namespace?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
}
export const gatewayApi = (kind: string, metadata: Metadata, spec: object) => ({
  ...{ apiVersion: 'gateway.networking.k8s.io/v1', kind, metadata, spec },
})
export const istio = (kind: string, metadata: Metadata, spec: object) => ({
  ...{ apiVersion: 'networking.istio.io/v1', kind, metadata, spec },
})
export const makeNamespace = (name: string) => ({
  ...{ apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
})

export async function apply(...items: object[]): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items }
  await kubectl(['apply', '-f', '-'], { input: JSON.stringify(list) })
}

/** Makes a certificate for the public host, as a Secret of a gateway. */
export async function makeCertificate(namespace: string, name: string): Promise<object> {
  const folder = await makeFolder()
  const extensions = `subjectAltName=DNS:${publicHost}\nextendedKeyUsage=serverAuth`
  await issueCertificate(folder, ['server', `/CN=${publicHost}`, extensions])
  const [crt, key] = await Promise.all(
    ['server.crt', 'server.key'].map((file) => readFile(join(folder, file), 'utf8')),
  )
  return {
    ...{ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls' },
    ...{ metadata: { name, namespace }, stringData: { 'tls.crt': crt, 'tls.key': key } },
  }
}

/** Runs `make deploy`, `smoke` or `matrix` as a program, without the address of the local cluster's own gateway. */
export async function runTool(
  tool: 'deploy/deploy' | 'deploy/smoke' | 'verify/matrix/matrix',
  variables: Record<string, string> = {},
): Promise<RunResult> {
  const nodeImage = (await readFile(NODE_IMAGE_FILE, 'utf8')).trim()
  const images = { IMAGE_PREFIX: defaultPrefix, NODE_IMAGE: nodeImage, COMPONENTS: '' }
  const env = { ...process.env, ...images, GATEWAY_URL: '', ...variables }
  const result = await tryRun('node', [join(CHECKOUT, `tools/${tool}.ts`)], {
    env,
    timeoutMs: ROLLOUT_MS,
  })
  console.info(`${tool} ${JSON.stringify(variables)}\n${result.stderr}${result.stdout}`)
  return result
}

/** Restores the route of the default deployment. */
export async function restoreRoute(): Promise<void> {
  const { code, stderr } = await runTool('deploy/deploy', {
    GATEWAY: 'signing/public',
    GATEWAY_URL: process.env.GATEWAY_URL ?? '',
  })
  if (code !== 0) throw new Error(stderr)
}

/** Runs the printed curl command, after the command that must run beside it. */
export async function runPrinted({ stdout, stderr }: RunResult): Promise<RunResult> {
  const [, beside = ''] = /^Run this in another terminal: (.*)$/m.exec(stderr) ?? []
  const script = `${beside} >/dev/null & trap "kill $!" EXIT; sleep 3; ${stdout}`
  return tryRun('bash', ['-c', script], { timeoutMs: 30_000 })
}
