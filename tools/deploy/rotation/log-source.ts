// Reads from a signer's log which keys it holds. Without a mesh, nothing outside the Pod reaches its metrics.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { parseJson } from '../../cli/parse-json.ts'
import { namespace } from '../../kube/names.ts'
import type { HeldKeys } from '../keys/key-metrics.ts'
import type { KeySource } from './key-source.ts'

/** The signer logs its keys when it loads them, and once a minute. */
const sinceSeconds = 90
const keyLine = z.object({
  event: z.enum(['keys_loaded', 'keys_held']),
  primary: z.string(),
  key_ids: z.string().transform((ids) => ids.split(',')),
})
/** Most lines are about requests. */
const isAboutKeys = /"event":"keys_(loaded|held)"/

/** Follows the log of the signer in `pod`. */
export async function openLog(pod: string): Promise<KeySource> {
  const args = ['logs', '-f', '-n', namespace, pod, '-c', 'signer', `--since=${sinceSeconds}s`]
  const child = spawn('kubectl', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const stop = () => void child.kill()
  process.once('exit', stop)
  let keys: HeldKeys | undefined
  let said = ''
  let isOpen = true
  createInterface(child.stdout).on('line', (line) => {
    keys = readKeyLine(line) ?? keys
  })
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk
  })
  child.on('error', (error) => {
    said += error.message
  })
  child.on('close', () => {
    isOpen = false
    process.off('exit', stop)
  })
  return {
    async read() {
      // The container may have started again, with other keys.
      if (!isOpen) throw new Error(`kubectl logs ended: ${said.trim()}`)
      return keys === undefined ? { problem: unreported } : { keys }
    },
    stop,
  }
}

const unreported =
  'its log does not say which keys it holds. A signer does so once a minute, so an older one needs make deploy first'

/** Returns undefined for a line about anything else. */
export function readKeyLine(line: string): HeldKeys | undefined {
  if (!isAboutKeys.test(line)) return undefined
  const { success, data } = keyLine.safeParse(parseJson(line))
  return success ? { primary: data.primary, held: data.key_ids } : undefined
}
