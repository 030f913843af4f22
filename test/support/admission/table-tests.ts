// The whole table of attempts as tests, for a bare API server as for a live cluster.
import { describe, expect, test } from 'vitest'
import { allowedCases } from './allowed-cases.ts'
import { attemptCase, findJudge } from './attempt.ts'
import type { AdmissionCase, AdmissionTarget } from './case.ts'
import { entryCases } from './entry-cases.ts'
import { keyCases } from './key-cases.ts'
import { signerCases } from './signer-cases.ts'

export const admissionCases: readonly AdmissionCase[] = [
  ...allowedCases,
  ...keyCases,
  ...signerCases,
  ...entryCases,
]

export function testAdmission(
  load: () => AdmissionTarget,
  wanted: (each: AdmissionCase) => boolean = () => true,
): void {
  describe.each([
    { group: 'is let through', cases: allowedCases },
    { group: 'is refused, for the key', cases: keyCases },
    { group: 'is refused, for the signer', cases: signerCases },
    { group: 'is refused, for a way into it', cases: entryCases },
  ])('$group', ({ cases }) => {
    test.each(cases.filter(wanted))('$name', async ({ attempt, refusedBy, saying = '' }) => {
      const { code, said } = await attemptCase(load(), attempt)
      expect({ judge: findJudge(said), said }).toMatchObject({ judge: refusedBy })
      expect(said).toContain(saying)
      // A connection that is let through fails later where there is no kubelet.
      if (attempt.does !== 'connect') expect(code === 0).toBe(refusedBy === 'nobody')
    })
  })
}
