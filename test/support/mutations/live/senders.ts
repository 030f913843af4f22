// Programs that wait in containers of the cluster, and send probes from there at once. To start a program for each batch of probes
// takes half a second.
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { CHECKOUT } from '../../../../tools/cli/checkout.ts'
import { type Container, execIn, type Origin } from '../../../../tools/verify/attack/containers.ts'
import { type Outcome, type Probe, runProbes } from '../../../../tools/verify/attack/probe.ts'

/** A refusal comes at once. */
const PROBE_MS = 2_500
const PARALLEL = 32
/** For all probes of one call. */
const ANSWER_MS = 60_000

const loop = `
process.stdin.setEncoding('utf8')
let rest = ''
process.stdin.on('data', async (chunk) => {
  const lines = (rest + chunk).split('\\n')
  rest = lines.pop()
  for (const line of lines) {
    const { id, probes } = JSON.parse(line)
    console.log(JSON.stringify({ id, outcomes: await runProbes(probes, ${PROBE_MS}, ${PARALLEL}) }))
  }
})
console.log(JSON.stringify({ id: 0, outcomes: [] }))
`

export type Senders = {
  send: (from: Origin, probes: readonly Probe[]) => Promise<Outcome[]>
  stop: () => void
}

type Sender = { send: (probes: readonly Probe[]) => Promise<Outcome[]>; stop: () => void }

/** Starts the program of a container at the first probe from there. */
export async function openSenders(): Promise<Senders> {
  const source = await readFile(join(CHECKOUT, 'tools/verify/attack/probe.ts'), 'utf8')
  const senders = new Map<string, Sender>()
  return {
    send: (from, probes) => {
      if (from === 'here') return runProbes(probes, PROBE_MS, PARALLEL)
      const key = JSON.stringify(from)
      const sender =
        senders.get(key) ?? startSender(from, `${source}\n${loop}`, () => senders.delete(key))
      senders.set(key, sender)
      return sender.send(probes)
    },
    stop: () => {
      for (const { stop } of senders.values()) stop()
      senders.clear()
    },
  }
}

/** `onEnd`: the Pod may end, and the next probe starts the program again. */
function startSender(container: Container, source: string, onEnd: () => void): Sender {
  const node = [
    container.node ?? '/nodejs/bin/node',
    '--input-type=module-typescript',
    '-e',
    source,
  ]
  const child = spawn('kubectl', [...execIn(container), ...node], { stdio: 'pipe' })
  const waiting = new Map<number, PromiseWithResolvers<Outcome[]>>()
  let said = ''
  let count = 0
  child.stdin.on('error', () => {})
  child.stderr.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-2_000)
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, outcomes } = JSON.parse(line)
    waiting.get(id)?.resolve(outcomes)
    waiting.delete(id)
  })
  child.on('close', () => {
    onEnd()
    for (const { reject } of waiting.values()) {
      reject(new Error(`the program in ${container.pod} ended: ${said}`))
    }
  })
  return {
    send: (probes) => {
      count += 1
      const answer = Promise.withResolvers<Outcome[]>()
      waiting.set(count, answer)
      const timer = setTimeout(() => child.kill(), ANSWER_MS)
      void answer.promise.catch(() => {}).finally(() => clearTimeout(timer))
      child.stdin.write(`${JSON.stringify({ id: count, probes })}\n`)
      return answer.promise
    },
    stop: () => child.kill(),
  }
}
