// Changes whose class is known. Each one runs on the local cluster, as in a mutation test.
import { beforeAll, describe, expect, test } from 'vitest'
import { describeResource, type Resource } from '../../../tools/kube/resources.ts'
import type { Verdict } from './judge.ts'
import { createLiveJudge } from './live/live-judge.ts'
import { type Change, type Mutation, toMutation } from './mutation.ts'
import { findShipment, renderShipment } from './renderings.ts'

/** `path`: undefined deletes the resource. `to`: undefined deletes the field. `evidence`: what it contains. */
export type Known = {
  of: string
  path?: Change['path']
  to?: unknown
  class: Verdict['class']
  evidence: RegExp
}

const JUDGE_MS = 600_000

/** `rendering`: one of `shipments`, with a layout of `make deploy`. */
export function testKnown(rendering: string, known: Readonly<Record<string, Known>>): void {
  describe(`the judge of the local cluster says, of ${rendering}, that`, () => {
    const verdicts = new Map<Mutation, Verdict>()
    const mutations: Record<string, Mutation> = {}

    beforeAll(async () => {
      const { layout } = findShipment(rendering)
      if (layout === undefined) throw new Error(`nothing deploys ${rendering}`)
      const resources = await renderShipment(rendering)
      for (const [name, each] of Object.entries(known)) {
        mutations[name] = makeMutation(resources, each)
      }
      const judge = createLiveJudge(layout, 1)
      for await (const [mutation, verdict] of judge.judge(resources, Object.values(mutations))) {
        verdicts.set(mutation, verdict)
      }
    }, JUDGE_MS)

    test.each(Object.entries(known))('%s', (name, { class: wanted, evidence }) => {
      const found = verdicts.get(mutations[name] as Mutation)
      expect(found).toMatchObject({ class: wanted, evidence: expect.stringMatching(evidence) })
    })
  })
}

function makeMutation(resources: readonly Resource[], { of, path, to }: Known): Mutation {
  const resource = resources.find((each) => describeResource(each) === of)
  if (resource === undefined) throw new Error(`there is no ${of}`)
  return toMutation(resources, resource, path && { path, to, what: JSON.stringify(to) })
}
