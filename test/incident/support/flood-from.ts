// Runs the flood in a container, in rounds: a pairing signature is accepted for a minute.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { type Container, execIn } from '../../../tools/verify/attack/containers.ts'
import { SIGNER_IN_POD } from '../../../tools/verify/attack/target.ts'
import type { Flood } from './flood.ts'

const ROUND_SECONDS = 40
/** For the program to start and to end. */
const SPARE_MS = 60_000

/** `makeRequests` signs the requests of a round. Returns how often each status was received. */
export async function floodFrom(
  frontend: Container,
  makeRequests: () => string[],
  { perSecond, seconds }: Pick<Flood, 'perSecond' | 'seconds'>,
): Promise<Record<string, number>> {
  const source = await readFile(join(import.meta.dirname, 'flood.ts'), 'utf8')
  const sum: Record<string, number> = {}
  for (let left = seconds; left > 0; left -= ROUND_SECONDS) {
    const round: Flood = {
      ...SIGNER_IN_POD,
      ...{ requests: makeRequests(), perSecond, seconds: Math.min(left, ROUND_SECONDS) },
    }
    const call = `console.log(JSON.stringify(await flood(${JSON.stringify(round)})))`
    const node = [frontend.node ?? '', '--input-type=module-typescript', '-']
    const counts: Record<string, number> = JSON.parse(
      await kubectl([...execIn(frontend), ...node], {
        input: `${source}\n${call}\n`,
        timeoutMs: round.seconds * 1_000 + SPARE_MS,
      }),
    )
    for (const [status, count] of Object.entries(counts)) sum[status] = (sum[status] ?? 0) + count
  }
  return sum
}
