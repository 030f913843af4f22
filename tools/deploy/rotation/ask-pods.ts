// Reads from each signer's metrics which keys it holds, through a port-forward, which the proxy treats as the Pod itself.
import { z } from 'zod'
import { kubectlJson } from '../../kube/kubectl.ts'
import { namespace } from '../../kube/names.ts'
import { type PortForward, startPortForward } from '../../kube/port-forward.ts'
import { parseKeyMetrics } from '../keys/key-metrics.ts'
import type { PodReport } from './pod-condition.ts'

const signerPort = 8081
/** Milliseconds for one Pod's answer. */
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

/** Asks each unfinished Pod with the label app=`signer`, through one port-forward each. `stop` ends the port-forwards. */
export function createPodAsker(signer: string) {
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

  async function ask({ metadata: { name: pod }, status }: Pod): Promise<PodReport> {
    if (status.phase !== 'Running') return { pod, problem: `it is ${status.phase}` }
    try {
      const { port } = await open(pod)
      return { pod, ...(await readKeys(port)) }
    } catch (error) {
      // The next time through a new one: this one may have lost its Pod.
      close(pod)
      return { pod, problem: explain(error) }
    }
  }

  return {
    async askPods(): Promise<PodReport[]> {
      const { items } = await kubectlJson(pods, [
        ...['get', 'pods', '-n', namespace, '-l', `app=${signer}`, '-o', 'json'],
        '--field-selector=status.phase!=Succeeded,status.phase!=Failed',
      ])
      const names = items.map(({ metadata }) => metadata.name)
      for (const name of forwards.keys()) if (!names.includes(name)) close(name)
      return Promise.all(items.map(ask))
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
  if (!response.ok) return { problem: `GET /metrics is answered with ${response.status}` }
  const keys = parseKeyMetrics(text)
  if (keys !== undefined) return { keys }
  return { problem: 'its signer is too old to name its keys: make deploy first' }
}

function explain(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message : String(cause)
}
