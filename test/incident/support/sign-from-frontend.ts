// Signing by code in the frontend's container, over many connections.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Container } from '../../../tools/verify/attack/containers.ts'
import { startIn } from '../../support/compromise/in-frontend.ts'
import type { SignOrder } from './attackers/sign.ts'
import type { Tally } from './attackers/tally.ts'

const FOLLOW_MS = 100

export type Signing = {
  /** What each order got since the last report. */
  report: () => Promise<Tally[]>
  /** Has the connections that wait send what they have, and reports. */
  go: () => Promise<Tally[]>
  stop: () => Promise<void>
}

/** Returns when all connections that wait are open. */
export async function startSigning(
  from: Container,
  orders: readonly SignOrder[],
): Promise<Signing> {
  const file = join(import.meta.dirname, 'attackers/sign.ts')
  const { read, tell, stop } = await startIn(from, file, orders)
  await read()
  const ask = (command: string) => {
    tell(command)
    return read<Tally[]>()
  }
  return { report: () => ask('report'), go: () => ask('go'), stop }
}

/** The time of the last signature of all. */
export function findLast(tallies: readonly Tally[]): number {
  return Math.max(...tallies.map(({ lastAt }) => lastAt))
}

export function sumSigned(tallies: readonly Tally[]): number {
  return tallies.reduce((sum, { signed }) => sum + signed, 0)
}

/** Reports again and again until `end`, because a Pod may end before. Returns the time of the last signature. */
export async function followLast({ report }: Signing, end: Promise<unknown>): Promise<number> {
  let isOver = false
  void end.finally(() => {
    isOver = true
  })
  let last = 0
  for (;;) {
    const wasOver = isOver
    const tallies = await report().catch(() => undefined)
    if (tallies === undefined) return last
    last = Math.max(last, findLast(tallies))
    if (wasOver) return last
    await sleep(FOLLOW_MS)
  }
}
