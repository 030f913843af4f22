// Reads from each signer's metrics which keys it holds. A port-forward ends at the Pod's loopback, and the proxy sees the
// request as the Pod's own. mesh/signer-allow-metrics.yaml allows exactly that.
import { z } from 'zod'
import { explainFetchError } from '../../cli/fetch-error.ts'
import { kubectlJson } from '../../kube/kubectl.ts'
import { namespace } from '../../kube/names.ts'
import { type PortForward, startPortForward } from '../../kube/port-forward.ts'
import { parseKeyMetrics } from '../keys/key-metrics.ts'
import type { PodReport } from './pod-condition.ts'

const signerPort = 8081
/** Milliseconds for the answer of one Pod. */
const answerTimeoutMs = 3_000

const pods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      status: z.object({ phase: z.string().default('Pending') }),
    }),
  ),
})
type Pod = z.infer<typeof pods>['items'][number]

/** Reads reports of the Pods that have not finished. Keeps a port-forward to each until `stop`. `signer`: their label `app`. */
export function createPodReporter(selector: string) {
  const forwards = new Map<string, PortForward>()

  function close(name: string): void {
    forwards.get(name)?.stop()
    forwards.delete(name)
  }

  async function open(name: string): Promise<PortForward> {
    const target = ['-n', namespace, `pod/${name}`]
    const forward = forwards.get(name) ?? (await startPortForward(target, signerPort))
    forwards.set(name, forward)
    return forward
  }

  async function readReport({ metadata: { name: pod }, status }: Pod): Promise<PodReport> {
    if (status.phase !== 'Running') return { pod, problem: `it is ${status.phase}` }
    try {
      const { port } = await open(pod)
      return { pod, ...(await readKeys(port)) }
    } catch (error) {
      // The port-forward may be broken. The next call starts a new one.
      close(pod)
      return { pod, problem: explainFetchError(error) }
    }
  }

  return {
    async readReports(): Promise<PodReport[]> {
      const { items } = await kubectlJson(pods, [
        ...['get', 'pods', '-n', namespace, '-l', selector, '-o', 'json'],
        '--field-selector=status.phase!=Succeeded,status.phase!=Failed',
      ])
      const names = items.map(({ metadata }) => metadata.name)
      for (const name of forwards.keys()) if (!names.includes(name)) close(name)
      return Promise.all(items.map(readReport))
    },
    stop(): void {
      for (const name of forwards.keys()) close(name)
    },
  }
}

async function readKeys(port: number) {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, {
    signal: AbortSignal.timeout(answerTimeoutMs),
  })
  const text = await response.text()
  if (!response.ok) return { problem: `GET /metrics returns ${response.status}` }
  const keys = parseKeyMetrics(text)
  if (keys !== undefined) return { keys }
  return { problem: 'its signer is too old to report its keys, so run make deploy first' }
}
