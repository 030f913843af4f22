// Where the load of each source comes from.
import type { Source } from '../experiment.ts'
import { findSandboxOf } from '../support/node.ts'
import type { Pod } from '../support/pods.ts'
import { locateCredentials } from '../support/volumes.ts'
import type { LoadSpec } from './senders.ts'

/** `pid`: a process in the network that the load comes from. */
export type Origin = { spec: LoadSpec; pid: number | undefined }

export async function findSource(source: Source, pod: Pod, url: string): Promise<Origin> {
  if (source === 'public') return { spec: { kind: 'public', url }, pid: undefined }
  const spec = { kind: 'frontend', ...(await locateCredentials(pod)) } as const
  return { spec, pid: await findSandboxOf(pod.uid) }
}
