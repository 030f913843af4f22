// A real Prometheus, which its operator runs, scrapes the deployment through STRICT mTLS, and its alerts fire.
import { beforeAll, describe, expect, test } from 'vitest'
import { testAlerts } from './support/alert-tests.ts'
import { testAudit } from './support/audit-tests.ts'
import { testChanges } from './support/change-tests.ts'
import { type Alert, listFiring } from './support/queries.ts'
import { testScraping } from './support/scraping-tests.ts'

/** Read before any test causes a fault, because some alerts fire for minutes. */
let firing: Alert[]

beforeAll(async () => {
  firing = await listFiring()
})

test('no alert fires without a fault, but for what is new', () => {
  expect(firing.filter(({ name }) => name !== 'SecureSigningPolicyAdded')).toEqual([])
})

// First, because the faults of the others raise the same alerts.
describe('changes', testChanges)
testScraping()
testAudit()
testAlerts()
