// Collects from each Pod which keys its signer holds.
import { z } from 'zod'
import { explainFetchError } from '../../cli/fetch-error.ts'
import { kubectlJson } from '../../kube/kubectl.ts'
import { namespace } from '../../kube/names.ts'
import type { KeySource } from './key-source.ts'
import { openMetrics } from './metrics-source.ts'
import type { PodReport } from './pod-condition.ts'

const pods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      status: z.object({ phase: z.string().default('Pending') }),
    }),
  ),
})
type Pod = z.infer<typeof pods>['items'][number]

/** Reads reports of the Pods that have not finished. Keeps the source of each, which `openSource` opens, until `stop`. */
export function createPodReporter(
  selector: string,
  openSource: (pod: string) => Promise<KeySource> = (pod) => openMetrics(pod),
) {
  const sources = new Map<string, KeySource>()

  function close(name: string): void {
    sources.get(name)?.stop()
    sources.delete(name)
  }

  async function open(name: string): Promise<KeySource> {
    const source = sources.get(name) ?? (await openSource(name))
    sources.set(name, source)
    return source
  }

  async function readReport({ metadata: { name: pod }, status }: Pod): Promise<PodReport> {
    if (status.phase !== 'Running') return { pod, problem: `it is ${status.phase}` }
    try {
      return { pod, ...(await (await open(pod)).read()) }
    } catch (error) {
      // The source may be broken. The next call opens it again.
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
      for (const name of sources.keys()) if (!names.includes(name)) close(name)
      return Promise.all(items.map(readReport))
    },
    stop(): void {
      for (const name of sources.keys()) close(name)
    },
  }
}
