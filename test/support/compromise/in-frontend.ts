// Runs a program in the frontend's container, as an attacker who controls the application. It talks by lines of JSON.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { rolldown } from 'rolldown'
import { type Container, execIn } from '../../../tools/verify/attack/containers.ts'

export type Attack = {
  /** The next line that the program prints. */
  read: <T>() => Promise<T>
  tell: (command: string) => void
  /** Ends the program's input, and waits for its end. It can be called twice. */
  stop: () => Promise<void>
}

// The program is the first line of the input, so that no argument holds it.
const start = `
const { createInterface } = await import('node:readline')
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const { program, input } = JSON.parse((await lines.next()).value)
const url = 'data:text/javascript;base64,' + Buffer.from(program).toString('base64')
await (await import(url)).attack(input, lines)
process.exit(0)
`

/** Starts the function `attack` of `file` with `input`. */
export async function startIn(from: Container, file: string, input: unknown): Promise<Attack> {
  const program = await bundle(file)
  const node = ['/nodejs/bin/node', '--input-type=module', '-e', start]
  const child = spawn('kubectl', [...execIn(from), ...node], { stdio: ['pipe', 'pipe', 'pipe'] })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text
  })
  const ended = once(child, 'close')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  child.stdin.on('error', () => {})
  child.stdin.write(`${JSON.stringify({ program, input })}\n`)
  return {
    read: async () => {
      const { value, done } = await lines.next()
      if (done) throw new Error(`the attacker ended: ${complaint}`)
      return JSON.parse(value)
    },
    tell: (command) => child.stdin.write(`${command}\n`),
    stop: async () => {
      child.stdin.end()
      await ended
    },
  }
}

/** Returns the file and all that it imports as one module. */
async function bundle(file: string): Promise<string> {
  await using build = await rolldown({ input: file, platform: 'node' })
  const { output } = await build.generate({ format: 'esm', codeSplitting: false })
  return output[0].code
}
