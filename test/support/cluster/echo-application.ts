// An application in place of the frontend that answers with the headers it receives. It runs in a Pod that our mesh resources
// select, without a signer.
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace } from '../../../tools/kube/names.ts'
import { confined } from '../../../tools/verify/admission/pods.ts'
import type { Target } from '../../../tools/verify/attack/target.ts'
import { PODS_MS } from '../../../tools/verify/attack/timeouts.ts'

const name = 'echo-application'
const program = `
  require('node:http').createServer((incoming, outgoing) => {
    const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) =>
      [name, Buffer.from(String(value), 'latin1').toString('base64')]))
    incoming.resume().on('end', () => outgoing.end(JSON.stringify({ echo: headers })))
  }).listen(8080, '127.0.0.1')`

/** Starts the Pod beside the Pods of the frontend, so the gateway sends it some of the requests. */
export async function startEchoApplication({ layout, nodeImage }: Target): Promise<void> {
  const container = {
    name: 'frontend',
    image: nodeImage,
    command: ['/nodejs/bin/node', '-e', program],
    ...confined,
  }
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: layout.frontend } },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [container],
    },
  }
  await kubectl(['apply', '-f', '-'], { input: JSON.stringify(pod) })
  const ready = ['--for=condition=Ready', `--timeout=${PODS_MS}ms`]
  await kubectl(['wait', `pod/${name}`, '-n', namespace, ...ready], { timeoutMs: PODS_MS })
}

export async function stopEchoApplication(): Promise<void> {
  await kubectl(['delete', 'pod', name, '-n', namespace, '--ignore-not-found', '--timeout=60s'], {
    timeoutMs: 60_000,
  })
}
