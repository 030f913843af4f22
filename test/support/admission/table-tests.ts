// The whole table of attempts as tests, for a bare API server as for a live cluster.
import { describe, expect, test } from 'vitest'
import { attemptCase, findJudge } from '../../../tools/verify/admission/attempt.ts'
import { allowedCases } from '../../../tools/verify/admission/cases/allowed-cases.ts'
import type { AdmissionCase, AdmissionTarget } from '../../../tools/verify/admission/cases/case.ts'
import { entryCases } from '../../../tools/verify/admission/cases/entry-cases.ts'
import { keyCases } from '../../../tools/verify/admission/cases/key-cases.ts'
import { allowedProxyCases, proxyCases } from '../../../tools/verify/admission/cases/proxy-cases.ts'
import { signerCases } from '../../../tools/verify/admission/cases/signer-cases.ts'

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
      expect(isAllowed).toBe(refusedBy === 'nobody')
    })
  })
}
