// Reads from a signer's own log whether it is frozen. The log comes through kubelet, so no proxy can hide or forge it.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { parseJson } from '../../../runtime/json/parse-json.ts'
import { namespace } from '../../kube/names.ts'

/** Milliseconds before the log is opened again, for example because the container has started again. */
const REOPEN_MS = 300

const stateLine = z.object({
  event: z.enum(['frozen', 'thawed']),
  mark: z.string().optional(),
})
export type SignerState = z.infer<typeof stateLine>

/** Returns undefined for a line about anything else. A line only counts as a whole: callers choose parts of others. */
export function readStateLine(line: string): SignerState | undefined {
  if (!/"event":"(frozen|thawed)"/.test(line)) return undefined
  return stateLine.safeParse(parseJson(line)).data
}

/**
 * Follows the log of the signer in `pod`, from its last `lines` on, or all of it. Calls `onState` for each line about the state.
 * Returns the function that ends it.
 */
export function followState(
  pod: string,
  lines: number | 'all',
  onState: (state: SignerState) => void,
): () => void {
  const tail = lines === 'all' ? [] : [`--tail=${lines}`]
  const args = ['logs', '-f', '-n', namespace, pod, '-c', 'signer', ...tail]
  let end = () => {}
  let isOver = false

  function open(): void {
    const child = spawn('kubectl', args, { stdio: ['ignore', 'pipe', 'ignore'] })
    end = () => void child.kill()
    createInterface(child.stdout).on('line', (line) => {
      const state = readStateLine(line)
      if (state !== undefined && !isOver) onState(state)
    })
    child.on('error', () => {})
    child.on('close', () => {
      if (!isOver) setTimeout(() => isOver || open(), REOPEN_MS)
    })
  }

  const stop = () => {
    isOver = true
    end()
    process.off('exit', stop)
  }
  process.once('exit', stop)
  open()
  return stop
}
