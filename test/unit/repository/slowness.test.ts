// The limits of time in the tests are longer on a slow machine, and never shorter.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

beforeEach(() => void vi.resetModules())
afterEach(() => void vi.unstubAllEnvs())

test('the limits grow by the factor that the run has measured', async () => {
  vi.stubEnv('TEST_SLOWNESS', '2.5')
  const { START_MS, WAIT_MS } = await import('../../support/timeouts.ts')
  expect([START_MS, WAIT_MS]).toEqual([37_500, 12_500])
})

test('a run measures the factor once, for all its processes', async () => {
  vi.stubEnv('TEST_SLOWNESS', undefined)
  const { allow } = await import('../../support/slowness.ts')
  const factor = Number(process.env.TEST_SLOWNESS)
  expect(factor).toBeGreaterThanOrEqual(1)
  expect(allow(1_000_000)).toBe(Math.round(1_000_000 * factor))
})

test('each project of vitest.config.ts has limits of this machine', async () => {
  vi.stubEnv('TEST_SLOWNESS', '2')
  const { default: config } = await import('../../../vitest.config.ts')
  const limits = (config.test?.projects ?? []).map((project) => {
    const { testTimeout, hookTimeout } =
      (typeof project === 'object' && 'test' in project && project.test) || {}
    return [testTimeout, hookTimeout]
  })
  expect(limits.length).toBeGreaterThan(10)
  expect(limits[0]).toEqual([10_000, 20_000])
  expect(limits.flat().every((limit) => limit !== undefined && limit >= 10_000)).toBe(true)
})
