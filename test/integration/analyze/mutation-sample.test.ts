// A sample of `make mutation-test`: single changes of all that we ship. Each that no rule notices is on a list with its reason,
// and none of the admission policies opens or weakens anything unnoticed.
import { describe, expect, test } from 'vitest'
import { admissionJudge } from '../../support/admission/admission-judge.ts'
import type { Verdict } from '../../support/mutations/judge.ts'
import { sampleMutations } from '../../support/mutations/list-mutations.ts'
import type { Mutation } from '../../support/mutations/mutation.ts'
import { createNotice } from '../../support/mutations/noticed.ts'
import { explainUnnoticed } from '../../support/mutations/reasons.ts'
import { renderChanges, renderShipment, shipments } from '../../support/mutations/renderings.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

const seed = 26
/** One change of so many is made. */
const ONE_OF = 25
/** So many of them are run on an API server. */
const RUN = 40

test.each(Object.entries(shipments))(
  'a sample of %s: what no rule notices has a reason',
  async (name, { isMeshed }) => {
    const { resources, mutations } = await renderChanges(name)
    const sample = sampleMutations(mutations, Math.ceil(mutations.length / ONE_OF), seed)
    const notice = createNotice(resources, isMeshed)
    const unnoticed = sample.filter((each) => notice(each.resources()).length === 0)
    const names = unnoticed.map((each) => each.name)
    expect(names.filter((each) => explainUnnoticed(name, each) === undefined)).toEqual([])
  },
)

describe('on an API server', needsLocalPrograms, () => {
  test('no change of the admission policies opens or weakens anything unnoticed', async () => {
    const { mutations } = await renderChanges('default')
    const resources = await renderShipment('default')
    const notice = createNotice(resources, true)
    const own = mutations.filter(admissionJudge.canJudge)
    const sample = sampleMutations(own, RUN, seed)
    const verdicts = new Map<Mutation, Verdict>()
    for await (const [mutation, verdict] of admissionJudge.judge(resources, sample)) {
      verdicts.set(mutation, verdict)
    }
    expect(verdicts.size).toBe(sample.length)
    const classes = [...verdicts.values()].map((each) => each.class)
    expect(classes).toEqual(expect.arrayContaining(['opens', 'breaks', 'nothing']))
    const holes = [...verdicts]
      .filter(([mutation]) => notice(mutation.resources()).length === 0)
      .filter(([, { class: found }]) => found === 'opens' || found === 'weakens')
    expect(holes.map(([{ name }, { evidence }]) => `${name}: ${evidence}`)).toEqual([])
  })
})
