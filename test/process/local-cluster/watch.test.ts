// `make dev` deploys each saved change once and complete, and continues after a failure.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test, vi } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { KUBECONFIG } from '../../../tools/local-cluster/paths.ts'
import { actOnChange } from '../../../tools/local-cluster/watch.ts'
import { cleanUp } from '../../support/clean-up.ts'
import { makePrograms } from '../../support/folder.ts'
import { PROCESS_TEST_MS } from '../../support/timeouts.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS })

/** Watches a text that the test sets. `deployed` has the text at the start of each deployment. */
function watch(act: (content: string) => Promise<void> = async () => {}) {
  const stop = new AbortController()
  cleanUp(() => stop.abort())
  const source = { content: 'a', isChanging: false, reads: 0 }
  const deployed: string[] = []
  const complaints: unknown[] = []
  const ended = actOnChange(
    {
      read: async () => {
        source.reads += 1
        return source.isChanging ? `${source.reads}` : source.content
      },
      act: () => {
        deployed.push(source.content)
        return act(source.content)
      },
      complain: (error) => complaints.push(error),
    },
    { signal: stop.signal, pollMs: 5 },
  )
  const untilDeployed = (...all: string[]) => vi.waitFor(() => expect(deployed).toEqual(all))
  const untilReadAgain = async () => {
    const before = source.reads
    await vi.waitFor(() => expect(source.reads).toBeGreaterThan(before + 5))
  }
  return { stop, source, deployed, complaints, ended, untilDeployed, untilReadAgain }
}

test('deploys at the start and after each complete change, and at no other time', async () => {
  const { stop, source, deployed, ended, untilDeployed, untilReadAgain } = watch()
  await untilDeployed('a')
  await untilReadAgain()
  source.isChanging = true
  await untilReadAgain()
  expect(deployed).toEqual(['a'])
  Object.assign(source, { content: 'b', isChanging: false })
  await untilDeployed('a', 'b')
  await untilReadAgain()
  expect(deployed).toEqual(['a', 'b'])
  stop.abort()
  await ended
})

test('deploys the last change that was saved during a deployment, after it', async () => {
  const ends: (() => void)[] = []
  const act = () => new Promise<void>((resolve) => ends.push(resolve))
  const { source, untilDeployed } = watch(act)
  await untilDeployed('a')
  source.content = 'b'
  source.content = 'c'
  ends[0]?.()
  await untilDeployed('a', 'c')
  ends[1]?.()
})

test('reports a failure, and continues', async () => {
  const { source, complaints, untilDeployed, untilReadAgain } = watch(async (content) => {
    if (content === 'a') throw new Error('a is wrong')
  })
  await vi.waitFor(() => expect(complaints).toEqual([new Error('a is wrong')]))
  await untilReadAgain()
  source.content = 'b'
  await untilDeployed('a', 'b')
})

/** Starts `make dev` with a `make` that prints its arguments and fails. */
async function startDev(environment: Record<string, string>) {
  const bin = await makePrograms({ make: 'echo "make $*" >&2\nexit 1' })
  const env = { ...process.env, KUBECONFIG, SERVICE: '', ...environment }
  const child = spawn(process.execPath, [join(CHECKOUT, 'tools/local-cluster/dev.ts')], {
    env: { ...env, PATH: [bin, process.env.PATH].join(delimiter) },
  })
  cleanUp(() => void child.kill('SIGKILL'))
  return { child, said: text(child.stderr), exit: once(child, 'close') }
}

test('make dev runs `make up`, still watches if that fails, and ends with Ctrl-C', async () => {
  const { child, said, exit } = await startDev({ SERVICE: 'frontend' })
  let seen = ''
  child.stderr.on('data', (piece) => {
    seen += piece
  })
  await vi.waitFor(() => expect(seen).toContain('Watching frontend.'), { timeout: 10_000 })
  child.kill('SIGINT')
  expect(await exit).toEqual([0, null])
  expect(await said).toMatch(/^make up\nNOT deployed. Fix the error and save .*\n$/)
})

test.each([
  ['an unknown service', { SERVICE: 'proxy' }, 'Use one of frontend, signer.'],
  ['another cluster', { KUBECONFIG: '/elsewhere' }, 'Unset KUBECONFIG'],
])('make dev refuses %s', async (_, environment, todo) => {
  const { said, exit } = await startDev(environment)
  expect(await exit).toEqual([1, null])
  expect(await said).toContain(todo)
})
