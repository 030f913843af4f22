// A real Prometheus, made by its operator, scrapes the deployment through STRICT mTLS, and its alerts fire.
import { expect, test } from 'vitest'
import { testAlerts } from './support/alert-tests.ts'
import { listFiring } from './support/queries.ts'
import { testScraping } from './support/scraping-tests.ts'

test('no alert fires while nothing is wrong', async () => {
  expect(await listFiring()).toEqual([])
})

testScraping()
testAlerts()
