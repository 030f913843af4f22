// The section `limits` of signing.yaml: how much a signer signs and verifies.
import { z } from 'zod'

const aCount = 'must be a whole number from 1 to 999999999'
const countOf = (description: string) =>
  z.int(aCount).min(1, aCount).max(999_999_999, aCount).meta({ description })

/** The defaults are those of the component. */
export const limitsSchema = z
  .strictObject({
    signaturesPerSecond: countOf('Signatures a second. Default: 200.').default(200),
    burst: countOf(
      'Signatures at once. Default: 1000, or signaturesPerSecond if larger.',
    ).optional(),
    signaturesPerDay: countOf('Signatures in a day of UTC. Default: 1000000.').default(1_000_000),
    verificationsPerSecond: countOf('Verifications a second. Default: 200.').default(200),
  })
  .check(({ value, issues }) => {
    const { signaturesPerDay: perDay } = value
    for (const name of ['signaturesPerSecond', 'burst'] as const) {
      const input = value[name]
      if (input === undefined || input <= perDay) continue
      const message = `is more than signaturesPerDay, which is ${perDay}. Lower it, or raise signaturesPerDay`
      issues.push({ code: 'custom', input, path: [name], message })
    }
  })

export type Limits = z.infer<typeof limitsSchema>
