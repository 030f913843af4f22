// The README's local cluster on a host as most users have it: Debian 13 with its own kernel, systemd, cgroup v2 and AppArmor. The
// host is emulated, so it is slow.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runGuest } from '../support/guest/run-guest.ts'
import { buildDebianHost, CLONE, listHostFolders } from './support/debian-host.ts'

const LIMIT_MS = 5_400_000
/** For the disk of the guest, which has copies of the cache. */
const DISK_MS = 600_000

test('make up, smoke and matrix work on Debian 13 with systemd and cgroup v2', {
  timeout: LIMIT_MS + DISK_MS,
}, async () => {
  const asAUser = await readFile(join(import.meta.dirname, 'support/as-a-user.sh'), 'utf8')
  const { code, output } = await runGuest({
    root: await buildDebianHost(),
    folders: await listHostFolders(),
    init: 'systemd',
    script: `cd ${CLONE}\n${asAUser}`,
    memoryMiB: 8_192,
    diskMiB: 12_000,
    timeoutMs: LIMIT_MS,
    onLine: (line) => process.stderr.write(`${line}\n`),
  })
  expect(code, output).toBe(0)
  expect(output).toMatch(/^host: Debian GNU\/Linux 13 .+, systemd, cgroup2fs, kernel 6\./m)
  expect(output).toMatch(/^ok: signed through the gateway .+ equal to OpenSSL's HMAC/m)
  // The limit of k8s/components/signer, by the kernel.
  expect(output).toMatch(
    /^signer: cgroup \/secure-signing-\w+\/kubepods\/burstable\/.+, memory.max 201326592$/m,
  )
  expect(output).toMatch(/^left: 0 cgroups$/m)
})
