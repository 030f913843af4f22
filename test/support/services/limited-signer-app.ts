// The signer's app with limits, and with clocks that a test turns.
import { createSecretKey, randomBytes } from 'node:crypto'
import { AppError } from '../../../runtime/errors.ts'
import { createMetrics } from '../../../runtime/metrics.ts'
import { createApp } from '../../../signer/app.ts'
import { createAuditLog } from '../../../signer/audit-log.ts'
import type { Admit } from '../../../signer/endpoints/endpoint-deps.ts'
import type { KeyRing } from '../../../signer/keys/key-ring.ts'
import { createLimit, type Rate } from '../../../signer/limits.ts'
import { createSignerMetrics } from '../../../signer/metrics.ts'
import { createSigning } from '../../../signer/signing.ts'
import { unchained } from './signer-app.ts'

/** Noon of a day of UTC. */
export const NOON = Date.UTC(2026, 0, 15, 12)

/** Makes a clock. `pass` moves it by seconds, and `setBack` only the time of day. */
export function makeClock() {
  let [time, risen] = [NOON, 0]
  return {
    now: () => time,
    clock: () => risen,
    pass: (seconds: number) => {
      time += seconds * 1_000
      risen += seconds * 1_000
    },
    setBack: (seconds: number) => {
      time -= seconds * 1_000
    },
  }
}

export const makeRate = (given: Partial<Rate>): Rate => ({
  ...{ perSecond: undefined, burst: 1_000, perDay: undefined },
  ...given,
})

/** Makes the app with the keys `new`, the primary one, and `old`. `state` can be changed at any time. */
export function makeLimitedSignerApp(signatures: Partial<Rate>, verifications: Partial<Rate> = {}) {
  const make = (id: string) => ({ id, material: createSecretKey(randomBytes(32)) })
  const ring: KeyRing = { raw: [make('new'), make('old')], webhook: [make('hook'), make('older')] }
  const [time, metrics, lines] = [makeClock(), createMetrics(), [] as string[]]
  const signerMetrics = createSignerMetrics(metrics.registry)
  signerMetrics.setKeys(ring, [])
  const state = { isFrozen: false, isRefused: false }
  const refuse = () => {
    if (state.isRefused) throw new AppError('pairing_refused', 'not paired')
  }
  const admit: Admit = () => refuse
  const requireThawed = () => {
    if (state.isFrozen) throw new AppError('frozen', 'frozen')
  }
  const options = { ...time, countRefused: signerMetrics.countRateLimited }
  const { spend, readToday } = createLimit('signatures', makeRate(signatures), options)
  if (signatures.perDay) signerMetrics.followToday(readToday, signatures.perDay)
  const verifying = createLimit('verifications', makeRate(verifications), options)
  const getKeyRing = () => ring
  const app = createApp({
    ...{ log: () => {}, metrics, isDraining: () => false, peer: 'proxy', maxRequests: 256 },
    ...{ admit, getKeyRing, signing: createSigning(getKeyRing, requireThawed, spend) },
    spendVerification: () => verifying.spend('', 1),
    auditLog: createAuditLog({
      ...{ ...unchained, onSigned: signerMetrics.countSignatures },
      write: async (text) => void lines.push(...text.trimEnd().split('\n')),
    }),
  })
  /** Returns the sum of a metric's series whose labels have all of these parts. Returns undefined if there is none. */
  async function read(name: string, ...labels: string[]): Promise<number | undefined> {
    const found = (await metrics.registry.metrics())
      .split('\n')
      .filter((line) => new RegExp(`^${name}[{ ]`).test(line))
      .filter((line) => labels.every((each) => line.includes(each)))
    const values = found.map((line) => Number(line.split(' ').at(-1)))
    return values.length === 0 ? undefined : values.reduce((sum, each) => sum + each)
  }
  return { app, state, time, lines, read }
}
