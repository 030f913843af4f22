// The kernel of this machine enforces the seccomp profiles: native code under them may use only the system calls that its
// container needs. All other process tests show that the services work under them.
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { run } from '../../tools/cli/exec.ts'
import { makeFolder } from '../support/folder.ts'
import { type Command, confine, isConfining } from '../support/services/confined.ts'
import { startFrontend, startSigner } from '../support/services/services.ts'
import { NO_SECCOMP, skipUnless } from '../support/skips.ts'
import {
  type Attempts,
  buildAttempts,
  letThrough,
  listLetThrough,
} from '../support/system-calls/attempts.ts'

const BUILD_MS = 60_000
vi.setConfig({ testTimeout: 20_000, hookTimeout: BUILD_MS })

/** What an unconfined process may do. */
const harmless = [
  ...[
    ...['fork', 'clone, a process', 'clone3', 'memfd_create', 'execveat', 'kill', 'unshare'],
    'setuid',
  ],
  ...['personality', 'seccomp', 'prctl PR_SET_DUMPABLE', 'prlimit64 of another', 'socketpair'],
  ...['socket, netlink', 'socket, unix', 'socket, TCP', 'connect', 'rename', 'ftruncate', 'read'],
]

describe('under the seccomp profile of its container', skipUnless(isConfining, NO_SECCOMP), () => {
  let program = ''
  const attempt = async ([name, ...args]: Command): Promise<Attempts> =>
    JSON.parse(await run(name, args))

  beforeAll(async () => {
    program = await buildAttempts(await makeFolder())
  })

  test('native code may do all of this without a profile', async () => {
    expect(listLetThrough(await attempt([program]))).toEqual(expect.arrayContaining(harmless))
  })

  test.each(['frontend', 'signer'] as const)(
    'native code in the %s may use only the allowed system calls',
    async (service) => {
      const attempts = await attempt(confine(service, [program]))
      expect(Object.keys(attempts).length).toBeGreaterThan(60)
      expect(listLetThrough(attempts)).toEqual(letThrough[service])
    },
  )

  test.each(['frontend', 'signer'] as const)(
    'native code in the %s cannot use 32-bit system calls',
    (service) => {
      const [command, ...args] = confine(service, [program, 'i386'])
      const { status, stdout } = spawnSync(command, args, { timeout: 5_000 })
      // 3: the kernel killed the thread. 2: this kernel has no 32-bit system calls.
      expect([3, 2]).toContain(status)
      expect(String(stdout)).toBe('')
    },
  )

  test('the services of these tests run', async () => {
    const { signer, pairingDir } = await startSigner({ HMAC_KEY: 'k'.repeat(32) })
    await signer.waitFor('listening')
    const { frontend } = await startFrontend(9, 'token', pairingDir)
    for (const { pid } of [signer, frontend]) {
      expect(await readFile(`/proc/${pid}/status`, 'utf8')).toMatch(/^Seccomp:\t2$/m)
    }
  })
})
