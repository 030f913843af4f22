// A program that waits for questions and answers them. Each question and each answer is a line of JSON. To start a program for
// each question takes half a second.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** For one answer. */
const ANSWER_MS = 60_000

export type LineProgram<Q, A> = { ask: (question: Q) => Promise<A>; stop: () => void }

/** Returns the arguments of Node. `source`: TypeScript. `answer`: the function that answers a question, as text. */
export function composeProgram(source: string, answer: string): string[] {
  return ['--input-type=module-typescript', '-e', `${source}\n${loop(answer)}`]
}

const loop = (answer: string) => `
process.stdin.setEncoding('utf8')
let rest = ''
process.stdin.on('data', async (chunk) => {
  const lines = (rest + chunk).split('\\n')
  rest = lines.pop()
  for (const line of lines) {
    const { id, question } = JSON.parse(line)
    console.log(JSON.stringify({ id, answer: await (${answer})(question) }))
  }
})
process.stdin.on('end', () => process.exit())
`

/** `name`: where it runs, for errors. `onEnd`: it can end by itself. */
export function startLineProgram<Q, A>(
  name: string,
  command: string,
  args: readonly string[],
  onEnd = () => {},
): LineProgram<Q, A> {
  const child = spawn(command, args, { stdio: 'pipe' })
  const waiting = new Map<number, PromiseWithResolvers<A>>()
  let said = ''
  let count = 0
  child.stdin.on('error', () => {})
  child.stderr.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-2_000)
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, answer } = JSON.parse(line)
    waiting.get(id)?.resolve(answer)
    waiting.delete(id)
  })
  child.on('close', () => {
    onEnd()
    for (const { reject } of waiting.values()) {
      reject(new Error(`the program in ${name} ended: ${said}`))
    }
  })
  return {
    ask: (question) => {
      count += 1
      const answer = Promise.withResolvers<A>()
      waiting.set(count, answer)
      const timer = setTimeout(() => child.kill(), ANSWER_MS)
      void answer.promise.catch(() => {}).finally(() => clearTimeout(timer))
      child.stdin.write(`${JSON.stringify({ id: count, question })}\n`)
      return answer.promise
    },
    stop: () => child.kill(),
  }
}
