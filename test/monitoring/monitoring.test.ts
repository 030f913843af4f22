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

test('no alert fires without a fault, but for what the deployment has just added', () => {
  const added = firing.filter(({ name }) => name === 'SecureSigningPolicyAdded')
  expect(firing).toEqual(added)
  expect(added.map(({ labels }) => labels.policy).toSorted()).toEqual([
    'allow-prometheus-to-read-frontend-metrics',
    'allow-prometheus-to-read-signer-metrics',
    'secure-signing',
    'secure-signing',
  ])
})

testScraping()
testAudit()
testAlerts()
describe('changes', testChanges)
