// The seccomp profiles, enforced by this machine's kernel: native code under them gets nothing that its container has no use for.
// That the services do their work under them is shown by every other test that starts one.
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

/** A Go compiler that has nothing in its cache yet. */
const BUILD_MS = 60_000
vi.setConfig({ testTimeout: 20_000, hookTimeout: BUILD_MS })

/** What any process may, if nothing confines it. */
const harmless = [
  ...[
    'fork',
    'clone, a process',
    'clone3',
    'memfd_create',
    'execveat',
    'kill',
    'unshare',
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

  test('native code is let through where nothing confines it: it does try', async () => {
    expect(listLetThrough(await attempt([program]))).toEqual(expect.arrayContaining(harmless))
  })

  test.each(['frontend', 'signer'] as const)('of the %s it is refused all else', async (room) => {
    const attempts = await attempt(confine(room, [program]))
    expect(Object.keys(attempts).length).toBeGreaterThan(60)
    expect(listLetThrough(attempts)).toEqual(letThrough[room])
  })

  test.each(['frontend', 'signer'] as const)('of the %s it has no other door', (room) => {
    const [command, ...args] = confine(room, [program, 'i386'])
    const { status, stdout } = spawnSync(command, args, { timeout: 5_000 })
    // 3: its thread was killed. 2: this kernel has no such door.
    expect([3, 2]).toContain(status)
    expect(String(stdout)).toBe('')
  })

  test('the services of these tests are', async () => {
    const { signer, pairingDir } = await startSigner({ HMAC_KEY: 'k'.repeat(32) })
    await signer.waitFor('listening')
    const { frontend } = await startFrontend(9, 'token', pairingDir)
    for (const { pid } of [signer, frontend]) {
      expect(await readFile(`/proc/${pid}/status`, 'utf8')).toMatch(/^Seccomp:\t2$/m)
    }
  })
})
