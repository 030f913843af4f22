// What memory the Pod's programs have held at most.
import { readFile } from 'node:fs/promises'
import { findInContainer } from './node.ts'
import type { Pod } from './pods.ts'

const containers = ['frontend', 'signer'] as const

/** In words, e.g. "Peak memory: frontend 90 MiB, signer 78 MiB". Throws if one was started again: then it had too little. */
export async function readPeakMib(pod: Pod): Promise<string> {
  const peaks = await Promise.all(
    containers.map(async (name) => {
      const status = await readFile(
        `/proc/${await findInContainer(pod, name, 'node')}/status`,
        'utf8',
      )
      return `${name} ${Math.round(Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_024)} MiB`
    }),
  )
  return `Peak memory: ${peaks.join(', ')}`
}
