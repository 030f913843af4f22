// The supervisor restarts the node's programs, and ends them even if they ignore SIGTERM.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { supervise } from '../../../tools/local-cluster/node/supervise.ts'
import { makeFolder } from '../../support/folder.ts'
import { WAIT_MS } from '../../support/timeouts.ts'

async function start(script: string) {
  const logs = await makeFolder()
  const program = supervise({ name: 'program', command: ['sh', '-c', script] }, logs)
  onTestFinished(() => program.stop(0))
  return { program, readLog: () => readFile(join(logs, 'program.log'), 'utf8') }
}

test('restarts a program that ends', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const { readLog } = await start('echo run')
  await vi.waitFor(async () => expect(await readLog()).toContain('run\nrun\n'), WAIT_MS)
})

test('kills a program that ignores SIGTERM at the deadline, and does not restart it', async () => {
  const { program, readLog } = await start("trap '' TERM; echo run; while :; do sleep 0.05; done")
  await vi.waitFor(async () => expect(await readLog()).toBe('run\n'), WAIT_MS)
  await program.stop(100)
  expect(await readLog()).toBe('run\n')
})
