// Freezes and thaws the deployment as an operator does, and reads from the signers' own logs when they signed last.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { findSignerFolder } from '../../../tools/verify/attack/audit-files.ts'
import { runMake } from '../cluster/make.ts'

/** The promise of `make freeze`, from the start of the command. */
export const FREEZE_MS = 5_000

/** `start` and `end` of the command, in milliseconds since 1970. */
export type Frozen = { start: number; end: number; said: string }

/** Runs `make freeze`. Fails the test unless every Pod has confirmed. */
export async function freeze(title: string): Promise<Frozen> {
  const start = Date.now()
  const { code, said } = await runMake('freeze')
  const end = Date.now()
  console.info(`${title}: make freeze took ${end - start} ms\n${said}`)
  expect({ code, said }).toMatchObject({ code: 0 })
  return { start, end, said }
}

/** Runs `make thaw`. Returns its start and end. */
export async function thaw(): Promise<{ start: number; end: number }> {
  const start = Date.now()
  const { code, said } = await runMake('thaw')
  expect({ code, said }).toMatchObject({ code: 0 })
  return { start, end: Date.now() }
}

/** Tests the time of a last signature: within the promise, and never after the confirmation. */
export function expectLast(title: string, { start, end }: Frozen, last: number): void {
  console.info(
    `${title}: last signature ${Math.round(last - start)} ms after the start of make freeze`,
  )
  expect(last - start).toBeLessThanOrEqual(FREEZE_MS)
  expect(last).toBeLessThanOrEqual(end)
}

/** Tests the times in the log of a Pod's signer. */
export async function expectLogged(title: string, frozen: Frozen, uid: string): Promise<void> {
  const times = await readSignerTimes(uid)
  expectLast(`${title}, by the audit log`, frozen, times.signed)
  expect(times.signed).toBeLessThanOrEqual(times.frozen)
}

/** What the log of a Pod's signer says: the time of the last audit record of a signature, and of the last `frozen`. */
type SignerTimes = { signed: number; frozen: number }

/** Reads the files of the local cluster's node. Those that are compressed are old. `uid`: of the Pod. */
async function readSignerTimes(uid: string): Promise<SignerTimes> {
  const folder = await findSignerFolder(uid)
  const names = (await readdir(folder)).filter((name) => !/\.(gz|tmp)$/.test(name))
  const logs = await Promise.all(names.map((name) => readFile(join(folder, name))))
  const last = (text: string) => Math.max(...logs.map((log) => readLastTime(log, text)))
  return { signed: last('"outcome":"signed"'), frozen: last('"event":"frozen"') }
}

/** The time of the last line with `text`, or 0. */
function readLastTime(log: Buffer, text: string): number {
  const at = log.lastIndexOf(text)
  if (at < 0) return 0
  const line = log.subarray(log.lastIndexOf('\n', at) + 1, at).toString('latin1')
  const [, time = ''] = /{"time":"([^"]+)"/.exec(line) ?? []
  return Date.parse(time)
}
