// What native code in the containers of a Pod is let through. The posture alone does not tell one seccomp profile from another.
import { listLetThrough } from '../../system-calls/attempts.ts'
import { attemptIn } from '../../system-calls/in-container.ts'
import type { Running } from './pod-start.ts'
import type { Posture } from './posture.ts'

/** `program`: the compiled attempts. Others than `containers` stay as they are. */
export async function addNativeCode(
  posture: Posture,
  containers: readonly Running[],
  program: string,
): Promise<Posture> {
  const found = await Promise.all(
    containers.map(async ({ name, id }) => {
      const is = posture.get(name)
      if (is === undefined) return []
      // A narrower profile refuses what the program itself needs.
      const attempts = await attemptIn(id, program).catch(() => ({}))
      const more = listLetThrough(attempts).map((each) => `native code may: ${each}`)
      return [[name, { ...is, freedoms: is.freedoms.union(new Set(more)) }] as const]
    }),
  )
  return new Map([...posture, ...found.flat()])
}
