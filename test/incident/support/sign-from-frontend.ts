// Signing by code in the frontend's container, over many connections.
import { join } from 'node:path'
import type { Container } from '../../../tools/verify/attack/containers.ts'
import type { SignOrder } from './attackers/sign.ts'
import type { Tally } from './attackers/tally.ts'
import { startIn } from './in-frontend.ts'

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
