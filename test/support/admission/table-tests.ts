// The whole table of attempts as tests, for a bare API server as for a live cluster.
import { describe, expect, test } from 'vitest'
import { allowedCases } from './allowed-cases.ts'
import { attemptCase, findJudge } from './attempt.ts'
import type { AdmissionCase, AdmissionTarget } from './case.ts'
import { entryCases } from './entry-cases.ts'
import { keyCases } from './key-cases.ts'
import { allowedProxyCases, proxyCases } from './proxy-cases.ts'
import { signerCases } from './signer-cases.ts'

export const admissionCases: readonly AdmissionCase[] = [
  ...allowedCases,
  ...keyCases,
  ...signerCases,
  ...entryCases,
  ...allowedProxyCases,
  ...proxyCases,
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
    { group: 'is let through, with its proxy', cases: allowedProxyCases },
    { group: 'is refused, for a way around the proxy', cases: proxyCases },
  ])('$group', ({ cases }) => {
    test.each(cases.filter(wanted))('$name', async ({ attempt, refusedBy, saying = '' }) => {
      const { isAllowed, said } = await attemptCase(load(), attempt)
      expect({ judge: findJudge(said), said }).toMatchObject({ judge: refusedBy })
      expect(said).toContain(saying)
      // A connection that is let through fails later where there is no kubelet.
      if (attempt.does !== 'connect') expect(isAllowed).toBe(refusedBy === 'nobody')
    })
  })
}
