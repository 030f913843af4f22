// A program of tools/ measures how slow the machine is when it starts.
import { expect, test } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { run } from '../../../tools/cli/exec.ts'
import { PROCESS_TEST_MS } from '../../support/timeouts.ts'

/** Has Node wait before it loads the program, as on a slow machine. */
const delay = 'data:text/javascript,Atomics.wait(new Int32Array(new SharedArrayBuffer(4)),0,0,2000)'
const program = `
import { atPace } from './tools/cli/pace.ts'
import { runMain } from './tools/cli/terminal.ts'
await runMain(async () => console.log(atPace(1)))
`

test(
  'a program that starts slowly has longer time limits',
  async () => {
    const args = ['--import', delay, '--input-type=module', '--eval', program]
    const times = Number(await run('node', args, { cwd: CHECKOUT }))
    expect(times).toBeGreaterThanOrEqual(2)
  },
  PROCESS_TEST_MS,
)
