// Changes that users, tools and the API server make every day: no rule of `make analyze` objects to one.
import { expect, test } from 'vitest'
import { createRandom } from '../../support/audit/mutations.ts'
import { listLegitimate } from '../../support/mutations/legitimate/legitimate.ts'
import { createNotice } from '../../support/mutations/noticed.ts'
import { renderShipment, shipments } from '../../support/mutations/renderings.ts'

const seed = 26
/** Combinations of several changes, for each rendering. The changes alone are made in each layout. */
const together = 15
const made: string[] = []

test.each(Object.entries(shipments))(
  'no finding for legitimate changes of %s',
  async (name, shipment) => {
    const resources = await renderShipment(name)
    const notice = createNotice(resources, shipment.isMeshed)
    const all = listLegitimate(resources, shipment.isMeshed, createRandom(seed), together)
    const changes = shipment.bases === undefined ? all : all.slice(-together)
    made.push(...changes.map((each) => `${name}: ${each.name}`))
    const found = changes.flatMap((each) =>
      notice(each.resources()).map(({ rule, message }) => `${each.name}: ${message} (${rule})`),
    )
    expect(found).toEqual([])
  },
)

test('these are more than 500 different changes', () => {
  expect(new Set(made).size).toBeGreaterThan(500)
})
