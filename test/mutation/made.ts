// The changes of one rendering: which are made, which the analyzer notices, and which are run.

import type { Resource } from '../../tools/kube/resources.ts'
import { createRandom } from '../support/audit/mutations.ts'
import { sampleMutations } from '../support/mutations/list-mutations.ts'
import { digest, identifyMutation, type Mutation } from '../support/mutations/mutation.ts'
import { createNotice } from '../support/mutations/noticed.ts'
import { findShipment, renderChanges } from '../support/mutations/renderings.ts'

export type Made = {
  overlay: string
  /** See identifyMutation. */
  id: string
  mutation: Mutation
  /** The rules of `make analyze` that notice it. */
  noticed: string[]
  /** All that no rule notices, and a tenth of the others. */
  isDrawn: boolean
}

export type MadeOf = { resources: Resource[]; made: Made[]; leftOut: number }

/** Of so many changes that are noticed, one is run. */
const EVERY = 10

/** `share`: which part of the changes is made. The same seed chooses the same. */
export async function makeChanges(overlay: string, share: number, seed: number): Promise<MadeOf> {
  const { resources, mutations, leftOut } = await renderChanges(overlay)
  const size = Math.max(1, Math.round(mutations.length * share))
  const chosen = share < 1 ? sampleMutations(mutations, size, seed) : mutations
  const unchanged = digest(JSON.stringify(resources))
  const notice = createNotice(resources, findShipment(overlay).isMeshed)
  const random = createRandom(seed)
  const made = chosen.map((mutation): Made => {
    const noticed = [...new Set(notice(mutation.resources()).map(({ rule }) => rule))]
    const isTenth = random(EVERY) === 0
    const id = identifyMutation(unchanged, mutation)
    return { overlay, id, mutation, noticed, isDrawn: noticed.length === 0 || isTenth }
  })
  return { resources, made, leftOut }
}
