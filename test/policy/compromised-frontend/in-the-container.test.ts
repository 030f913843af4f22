// Attacks 16, 17, 21 and 22: arbitrary code in the frontend container looks for the key, for the signer's socket, and for
// more rights.
import { describe, expect, test } from 'vitest'
import { primaryEntry } from '../../../tools/deploy/keys/entries.ts'
import { readKeySecret } from '../../../tools/deploy/keys/key-secret.ts'
import { testAttackOnMesh } from '../../support/attack/expectations.ts'
import type { Attempt } from '../../support/compromise/escape.ts'
import { runIn } from '../../support/compromise/run-in.ts'
import type { Search } from '../../support/compromise/search.ts'

const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64')

/** Lists every notation of each key, that of the audit log included. */
async function listNeedles(): Promise<Record<string, string>> {
  const { [primaryEntry]: _, ...entries } = (await readKeySecret()).data
  const keys = Object.entries(entries).map(
    ([id, text]) => [id, Buffer.from(text, 'base64')] as const,
  )
  return Object.fromEntries(
    keys.flatMap(([id, key]) => [
      [`${id}, raw`, base64(key)],
      [`${id}, hex`, base64(key.toString('hex'))],
      [`${id}, HEX`, base64(key.toString('hex').toUpperCase())],
      [`${id}, base64`, base64(key.toString('base64').replace(/=+$/, ''))],
      [`${id}, base64url`, base64(key.toString('base64url'))],
    ]),
  )
}

describe('code in the frontend container looks for the key', () => {
  const known = "the frontend's own token"

  type Found = { search: Search; processes: Record<string, string> }
  const batch = testAttackOnMesh<Found>(async ({ frontend }, { token }) => {
    const needles = { ...(await listNeedles()), [known]: base64(token) }
    return {
      search: await runIn(frontend, 'search', 'searchEverything', needles),
      processes: await runIn(frontend, 'search', 'listProcesses'),
    }
  })

  test('finds its own token, in a file and in memory', () => {
    const { finds, bytes } = batch().outcomes.search
    const places = finds.filter(({ needle }) => needle === known).map(({ where }) => where)
    expect(places).toContain('/proc/1/mem')
    expect(places.join()).toContain('/run/identity/')
    expect(bytes).toBeGreaterThan(100e6)
  })
  test('finds no key in a file, the environment or memory, raw, in hex or in base64', () => {
    expect(batch().outcomes.search.finds.filter(({ needle }) => needle !== known)).toEqual([])
  })
  test('sees only its own processes', () => {
    const commands = Object.values(batch().outcomes.processes)
    for (const command of commands) expect(command).toContain('/nodejs/bin/node')
    expect(commands.filter((command) => command.includes('main.mjs'))).toHaveLength(1)
  })
})

describe("code in the frontend container looks for the signer's socket", () => {
  const batch = testAttackOnMesh<{ seen: string[]; attempts: Attempt[] }>(({ frontend }) =>
    runIn(frontend, 'escape', 'connectToSockets'),
  )

  test('sees its name, because the containers share the network namespace', () => {
    expect(batch().outcomes.seen.join()).toContain('/run/signer/signer.sock')
  })
  test('sees no abstract socket, which needs no mount', () => {
    expect(batch().outcomes.seen.filter((name) => name.startsWith('@'))).toEqual([])
  })
  test('cannot connect to any socket', () => {
    expect(batch().outcomes.attempts.filter(({ result }) => result === 'connected')).toEqual([])
    expect(batch().outcomes.attempts.length).toBeGreaterThanOrEqual(2)
  })
})

describe('code in the frontend container tries to gain rights', () => {
  type Outcomes = {
    rights: { attempts: Attempt[]; status: Record<string, string> }
    writing: { written: string[]; started: Attempt[] }
    inProcess: Attempt[]
    inspectors: number[]
  }
  const batch = testAttackOnMesh<Outcomes>(async ({ frontend }) => {
    const processes = await runIn<Record<string, string>>(frontend, 'search', 'listProcesses')
    // The service's command is "node --flag … /app/main.mjs".
    const flags = (processes['1'] ?? '').split(' ').filter((word) => word.startsWith('--'))
    return {
      rights: await runIn(frontend, 'escape', 'takeRights'),
      writing: await runIn(frontend, 'escape', 'writeEverywhere'),
      inProcess: await runIn(frontend, 'break-out', 'breakOut', {}, flags),
      inspectors: await runIn(frontend, 'escape', 'wakeInspectors'),
    }
  })

  test('cannot change its user, write to the kernel or start a program', () => {
    expect(batch().outcomes.rights.attempts.filter(({ result }) => result === 'done')).toEqual([])
    expect(batch().outcomes.rights.attempts.length).toBeGreaterThan(10)
  })
  test('has no capability, can gain none, and has a seccomp filter', () => {
    const { status } = batch().outcomes.rights
    const none = '0'.repeat(16)
    expect(status).toMatchObject({
      ...{ CapInh: none, CapPrm: none, CapEff: none, CapBnd: none, CapAmb: none },
      ...{ NoNewPrivs: '1', Seccomp: '2' },
    })
  })
  test('can write only to shared memory, and start nothing there', () => {
    expect(batch().outcomes.writing.written).toEqual(['/dev/shm'])
    // EACCES: the volume is mounted noexec. EPERM: the seccomp profile, see docs/hardening.md.
    const [started, ...others] = batch().outcomes.writing.started
    expect(['EACCES', 'EPERM']).toContain(started?.result)
    expect(others).toEqual([])
  })
  test("cannot start, load or read anything else inside the service's own process", () => {
    const refusals = ['ERR_ACCESS_DENIED', 'ERR_DLOPEN_DISABLED']
    expect(batch().outcomes.inProcess.filter(({ result }) => !refusals.includes(result))).toEqual(
      [],
    )
    expect(batch().outcomes.inProcess.length).toBeGreaterThan(5)
  })
  test('cannot open the inspector, also not by SIGUSR1', () => {
    expect(batch().outcomes.inspectors).toEqual([])
  })
})
