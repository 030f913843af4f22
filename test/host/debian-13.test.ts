// The README's local cluster on a host as most users have it: Debian 13 with its own kernel, systemd, cgroup v2 and AppArmor. The
// host is emulated, so it is slow.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runGuest } from '../support/guest/run-guest.ts'
import { buildDebianHost, CLONE, listHostFolders } from './support/debian-host.ts'

const LIMIT_MS = 5_400_000

test('make up, smoke and matrix on Debian 13 with systemd and cgroup v2', {
  timeout: LIMIT_MS + 600_000,
}, async () => {
  const { code, output } = await runGuest({
    root: await buildDebianHost(),
    folders: await listHostFolders(),
    init: 'systemd',
    script: `cd ${CLONE}\n${await readFile(join(import.meta.dirname, 'support/as-a-user.sh'), 'utf8')}`,
    memoryMiB: 8_192,
    diskMiB: 12_000,
    timeoutMs: LIMIT_MS,
    onLine: (line) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`),
  })
  expect(code, output).toBe(0)
})
