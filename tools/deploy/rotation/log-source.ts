// Reads from a signer's log which keys it holds. Without a mesh, nothing outside the Pod reaches its metrics.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import type { Form } from '../../../runtime/contract.ts'
import { parseJson } from '../../../runtime/json/parse-json.ts'
import { namespace } from '../../kube/names.ts'
import { type KeyReport, type KeySource, reportTooOld } from './key-source.ts'

/** The signer logs its keys when it loads them, and once a minute. */
const sinceSeconds = 90
const ids = z.string().transform((text) => text.split(',').filter((id) => id !== ''))
/** An empty text if there is no key of the form. */
const primary = z.string().transform((id) => id || undefined)
const keyLine = z.object({
  event: z.enum(['keys_loaded', 'keys_held']),
  ...{ primary, key_ids: ids },
  /** A signer that does not write these knows raw keys only. */
  ...{ webhook_primary: primary.optional(), webhook_key_ids: ids.optional() },
})
/** Most lines are about requests. */
const isAboutKeys = /"event":"keys_(loaded|held)"/

/** Follows the log of the signer in `pod`. */
export async function openLog(pod: string, form: Form = 'raw'): Promise<KeySource> {
  const args = ['logs', '-f', '-n', namespace, pod, '-c', 'signer', `--since=${sinceSeconds}s`]
  const child = spawn('kubectl', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const stop = () => void child.kill()
  process.once('exit', stop)
  let report: KeyReport | undefined
  let said = ''
  let isOpen = true
  createInterface(child.stdout).on('line', (line) => {
    report = readKeyLine(line, form) ?? report
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
      return report ?? { problem: unreported }
    },
    stop,
  }
}

const unreported =
  'its log does not say which keys it holds. A signer does so once a minute, so an older one needs make deploy first'

/** Returns undefined for a line about anything else. */
export function readKeyLine(line: string, form: Form = 'raw'): KeyReport | undefined {
  if (!isAboutKeys.test(line)) return undefined
  const { success, data } = keyLine.safeParse(parseJson(line))
  if (!success) return undefined
  const { primary, key_ids: all, webhook_primary, webhook_key_ids: held } = data
  if (form === 'raw') return { keys: { primary, held: all.filter((id) => !held?.includes(id)) } }
  return held === undefined ? reportTooOld(form) : { keys: { primary: webhook_primary, held } }
}
