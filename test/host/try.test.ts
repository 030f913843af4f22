import { test } from 'vitest'
import { readFile } from 'node:fs/promises'
import { runGuest } from '../support/guest/run-guest.ts'
import { buildDebianHost } from './support/debian-host.ts'

test('try', { timeout: 900_000 }, async () => {
  const result = await runGuest({
    root: await buildDebianHost(), init: 'systemd', memoryMiB: 3000, timeoutMs: 600_000,
    script: await readFile('/tmp/host-try.sh', 'utf8'),
    folders: { '/usr/local/go/bin': '/usr/local/go/bin', '/usr/lib/node_modules/npm': '/usr/lib/node_modules/npm' },
    onLine: (line) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`),
  })
  console.log(result.code, result.kernel.split('\n').slice(-30).join('\n'))
})
