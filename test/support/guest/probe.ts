// The program that tries what a confined container must not do.
import { join } from 'node:path'
import { z } from 'zod'
import { buildStaticGo } from '../static-go.ts'

const line = z.object({ name: z.string(), comm: z.string(), errno: z.string() })

/** `comm`: the thread's name in the kernel's records. `errno`: empty if the attempt succeeded. */
export type Attempt = z.infer<typeof line>

/** Compiles the probe into `folder`. Returns its path. probe/main.go describes its arguments. */
export function buildProbe(folder: string): Promise<string> {
  return buildStaticGo(join(import.meta.dirname, 'probe'), folder)
}

/** Finds the lines of the probe in the output of a guest. */
export function parseAttempts(output: string): Attempt[] {
  const lines = output.split('\n').filter((each) => each.startsWith('{"name":'))
  return lines.map((each) => line.parse(JSON.parse(each)))
}
